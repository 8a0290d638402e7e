# ruby client.rb PORT: by Net::HTTP, alone and on one connection.
require "net/http"
require "stringio"

port = ARGV[0].to_i
body = "0123456789abcdef" * 65536
%w[/hello?n=0 /missing?n=1 /large?n=2 /chunked?n=3].each do |path|
  answer = Net::HTTP.get_response(URI("http://127.0.0.1:#{port}#{path}"))
  puts "#{answer.code} #{answer.body.bytesize}"
end
puts Net::HTTP.post(URI("http://127.0.0.1:#{port}/length?n=4"), body).body
Net::HTTP.start("127.0.0.1", port) do |http|
  puts http.get("/hello?n=5").body.bytesize
  request = Net::HTTP::Post.new("/length?n=6", "Transfer-Encoding" => "chunked")
  request.body_stream = StringIO.new(body)
  puts http.request(request).body
  puts http.head("/hello?n=7").code
end
