# perl client.pl PORT: by HTTP::Tiny, which Perl brings along.
use strict;
use warnings;
use HTTP::Tiny;

$| = 1;
my $url = "http://127.0.0.1:$ARGV[0]";
my $body = '0123456789abcdef' x 65536;
for my $path (qw(/hello?n=0 /missing?n=1 /large?n=2 /chunked?n=3)) {
  my $answer = HTTP::Tiny->new(keep_alive => 0)->get("$url$path");
  print "$answer->{status} ", length $answer->{content}, "\n";
}
my $http = HTTP::Tiny->new;
print $http->post("$url/length?n=4", {content => $body})->{content};
print $http->get("$url/hello?n=5")->{status}, "\n";
my @pieces = ($body, 'more');
print $http->post("$url/length?n=6", {content => sub { shift @pieces }})->{content};
print $http->head("$url/hello?n=7")->{status}, "\n";
