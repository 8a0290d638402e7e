# perl server.pl PORT: one connection after another, with what Perl has without any package.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 64,
                                     ReuseAddr => 1) or die "listening: $!";
my %pages = ('/hello' => "hello\n", '/large' => '0123456789abcdef' x 65536);

sub head {
  my ($connection) = @_;
  my $line = <$connection> // return;
  my ($method, $target) = split ' ', $line;
  my %headers;
  while (($line = <$connection> // return) ne "\r\n") {
    $headers{lc $1} = $2 if $line =~ /^([^:]+):\s*(.*?)\r\n$/;
  }
  return ($method, $target =~ s/\?.*//r, %headers);
}

sub body_size {
  my ($connection, %headers) = @_;
  my ($size, $bytes) = (0, '');
  return read $connection, $bytes, $headers{'content-length'} if exists $headers{'content-length'};
  return 0 unless ($headers{'transfer-encoding'} // '') eq 'chunked';
  while ((my $chunk = hex <$connection>) > 0) {
    $size += read $connection, $bytes, $chunk;
    <$connection>;
  }
  <$connection>;
  return $size;
}

sub answer {
  my ($connection, $method, $status, $body) = @_;
  print $connection "HTTP/1.1 $status\r\nContent-Length: ", length $body, "\r\n\r\n",
      $method eq 'HEAD' ? '' : $body;
  $connection->flush;
}

print "a word on stdout\n";
while (my $connection = $listener->accept) {
  while (my ($method, $path, %headers) = head($connection)) {
    my $size = body_size($connection, %headers);
    if ($path eq '/chunked') {
      print $connection "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
      for (qw(one two three)) {
        printf $connection "%x\r\n%s\r\n", length, $_;
        $connection->flush;
      }
      print $connection "0\r\n\r\n";
      $connection->flush;
    } elsif ($method eq 'POST') {
      answer($connection, $method, '200 OK', "$size\n");
    } elsif (exists $pages{$path}) {
      answer($connection, $method, '200 OK', $pages{$path});
    } else {
      answer($connection, $method, '404 Not Found', "nothing here\n");
    }
    print STDERR "$method $path\n";
    last if ($headers{connection} // '') eq 'close';
  }
  close $connection;
}
