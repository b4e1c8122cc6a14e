# frozen_string_literal: true

# Tests of the frame reader alone: the same messages come out however the bytes are cut.

require "helper"

class FrameReaderTest < Minitest::Test
  CONVERSATION = <<~FRAMES.b
    {"id":"1","tuple":["a é \\nend\\n"]}
    end

    {
      "id": "2",

      "tuple": ["\\u2028"]
    }
    end
    [4,5]
    end
  FRAMES
  MESSAGES = [{ "id" => "1", "tuple" => ["a é \nend\n"] }, { "id" => "2", "tuple" => ["\u2028"] }, [4, 5]].freeze

  def read(*chunks)
    reader = Polybolt::FrameReader.new
    chunks.flat_map { |chunk| reader.feed(chunk) }
  end

  [["LF", CONVERSATION], ["CRLF", CONVERSATION.gsub("\n", "\r\n")]].each do |breaks, bytes|
    it "reads a conversation with #{breaks} whole" do
      assert_equal MESSAGES, read(bytes)
    end

    it "reads a conversation with #{breaks} byte by byte" do
      assert_equal MESSAGES, read(*bytes.each_char)
    end

    it "reads a conversation with #{breaks} cut in two at every point" do
      (0..bytes.bytesize).each do |cut|
        assert_equal MESSAGES, read(bytes.byteslice(0, cut), bytes.byteslice(cut..)), "cut at #{cut}"
      end
    end
  end

  it "reads plain and CRLF frames in one chunk" do
    assert_equal [[1], [2], [3]], read("[1]\nend\n[2]\r\nend\r\n[3]\nend\n".b)
  end

  it "hands out nothing before the end line is whole" do
    assert_empty read("[1]\n".b, "end".b)
  end

  it "takes a last end line without a line break at the end of input" do
    reader = Polybolt::FrameReader.new
    assert_empty reader.feed("[1]\nend".b)
    assert_equal [[1]], reader.finish
  end

  it "drops half a message at the end of input" do
    reader = Polybolt::FrameReader.new
    reader.feed('{"id":'.b)
    assert_empty reader.finish
  end

  it "keeps the messages before one it cannot read and drops those behind it" do
    messages = read("[1]\nend\n{oops\nend\n[2]\nend\n".b)
    assert_equal [[1], Polybolt::FrameReader::Unreadable.new("{oops\n".b)], messages
  end

  ["", "\n", "7\n", "\"text\"\n", "null\n", "{}{}\n", "[1],[2]\n", "{\"a\":1\n", "[\"a\nb\"]\n"].each do |text|
    it "cannot read the message #{text.inspect}, alone or among others" do
      wrong = Polybolt::FrameReader::Unreadable.new(text.b)
      assert_equal [wrong], read("#{text}end\n".b)
      assert_equal [[0], wrong], read("[0]\nend\n#{text}end\n[1]\nend\n".b)
    end
  end

  it "does not take two broken messages for two whole ones" do
    assert_equal [Polybolt::FrameReader::Unreadable.new("[1\n".b)], read("[1\nend\n2],3\nend\n".b)
  end

  it "takes a word that ends in end, and a line that begins with it, for text" do
    assert_equal [{ "a" => "send" }], read("{\"a\":\n\"send\"\n}\nend\n".b)
    assert_equal [Polybolt::FrameReader::Unreadable.new("ending\n".b)], read("ending\nend\n".b)
  end

  it "reads a message of a million bytes in chunks" do
    text = "x" * 1_000_000
    chunks = "#{JSON.generate([text])}\nend\n".b.scan(/.{1,65536}/mn)
    assert_equal 16, chunks.size
    assert_equal [[text]], read(*chunks)
  end

  it "reads values as deep as the host allows and refuses deeper messages" do
    deep = "#{'[' * 257}#{']' * 257}"
    assert_equal 1, read("{\"tuple\":#{deep}}\nend\n".b).size
    too_deep = "#{'[' * 100_000}#{']' * 100_000}\n"
    assert_equal [Polybolt::FrameReader::Unreadable.new(too_deep.b)], read("#{too_deep}end\n".b)
  end
end
