# frozen_string_literal: true

# A message as Rails' cookies have it: ActiveSupport's MessageEncryptor, AES-256-GCM around JSON. It
# speaks the protocol of benches/peers/README.md.

require "active_support"
require "active_support/key_generator"
require "active_support/message_encryptor"
require "cgi"
require "json"

PASSWORD = "correct horse battery staple, and more of it"
OTHERS = ["theme=dark; _ga=GA1.1.1234567890.1700000000; ", "; lang=en"].freeze

# What can be asked about one data.
class Rails
  def initialize(text)
    key = ActiveSupport::KeyGenerator.new(PASSWORD, iterations: 1000).generate_key("authenticated encrypted cookie", 32)
    @crypt = ActiveSupport::MessageEncryptor.new(key, cipher: "aes-256-gcm", serializer: JSON)
    @data = JSON.parse(text)
    @token = seal
    @pair = "session=#{CGI.escape(@token)}"
    @cookie, @forged, @none = [@pair, changed(@pair), "a=b"].map { |own| OTHERS.join(own) }
  end

  def request
    data = load(@cookie)
    data["count"] += 1
    "session=#{CGI.escape(@crypt.encrypt_and_sign(data))}; path=/; max-age=3600; secure; HttpOnly"
  end

  def read = load(@cookie)["count"]
  def seal = @crypt.encrypt_and_sign(@data)
  def open = @crypt.decrypt_and_verify(@token)["count"]
  def forged = load(@forged)
  def none = load(@none)
  def bytes = @pair.length

  def count
    raise "a forged token opens" if forged

    load(request.split(";").first)["count"]
  end

  def allocations
    request
    before = GC.stat(:total_allocated_objects)
    request
    GC.stat(:total_allocated_objects) - before
  end

  private

  def load(header)
    cookies = header.split(/; */).to_h { |pair| pair.split("=", 2).map { |part| CGI.unescape(part) } }
    @crypt.decrypt_and_verify(cookies["session"]) if cookies["session"]
  rescue ActiveSupport::MessageEncryptor::InvalidMessage
    nil
  end

  def changed(pair)
    other = pair.dup
    middle = other.length / 2
    other[middle] = other[middle] == "A" ? "B" : "A"
    other
  end
end

def cpu_ns = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond)

WORKS = %w[request read seal open forged none].freeze
NUMBERS = %w[bytes count allocations].freeze
known = Hash.new { |all, data| all[data] = Rails.new(File.read("#{ARGV[0]}/#{data}.json")) }
$stdout.sync = true

# With ARGV there, a bare gets would read the folder.
while (line = $stdin.gets)
  if line == "peers\n"
    puts "runtime=Ruby/#{RUBY_VERSION} rails=#{ActiveSupport.version}"
    next
  end
  work, _peer, data, n = line.split
  rails = known[data]
  if NUMBERS.include?(work)
    puts rails.public_send(work)
  elsif !WORKS.include?(work)
    puts "-"
  else
    (n.to_i / 10).times { rails.public_send(work) }
    start = cpu_ns
    n.to_i.times { rails.public_send(work) }
    puts((cpu_ns - start) / n.to_i)
  end
end
