# ruby server.rb PORT
require "stringio"
require "webrick"

LARGE = "0123456789abcdef" * 65536
server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ARGV[0].to_i)
server.mount_proc("/") { |_, response| response.status = 404; response.body = "nothing here\n" }
server.mount_proc("/hello") { |_, response| response.body = "hello\n" }
server.mount_proc("/large") { |_, response| response.body = LARGE }
server.mount_proc("/length") { |request, response| response.body = "#{request.body.bytesize}\n" }
server.mount_proc("/chunked") do |_, response|
  response.chunked = true
  response.body = proc { |out| %w[one two three].each { |chunk| out.write(chunk) } }
end
%w[INT TERM].each { |name| trap(name) { server.shutdown } }
$stdout.puts "a word on stdout"
$stdout.flush
server.start
