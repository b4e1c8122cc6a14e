# frozen_string_literal: true

# Tests of JSON both ways: each line here is a line of the README's table of what Ruby's JSON loses.

require "helper"

class JsonTextTest < Minitest::Test
  KEPT = ["1.0", "-0.0", "0.1", "9007199254740993", "1180591620717411303424", "\"\u2028\"", "\"é😀\"", "\"\\u0000\"", "\"\\nend\\n\"", "{\"b\":1,\"a\":2}", "[[],{}]", "null"].freeze
  CHANGED = {
    "1e0" => "1.0", "1E5" => "100000.0", "0.10" => "0.1", "-0" => "0", "123456789.123456789" => "123456789.12345679",
    "\"\\u00e9\\/\"" => "\"é/\"", "\"\\u2028\"" => "\"\u2028\"", "{\"a\":1,\"a\":2}" => "{\"a\":2}", "[ 1 ]" => "[1]",
    "\"\\ud83d\\ude00\"" => "\"😀\"", "\"\\ud800\"" => "\"\ufffd\"", "\"\\udc00x\"" => "\"\ufffdx\"",
    "\"\\ud800\\u0041\"" => "\"\ufffdA\"", "\"\\ud800\\ud83d\\ude00\"" => "\"\ufffd😀\"",
    "\"\\\\ud800\"" => "\"\\\\ud800\""
  }.freeze
  READ_ONLY = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"].freeze

  def there_and_back(text)
    Polybolt::JsonText.generate(Polybolt::JsonText.parse("[#{text}]"))[1..-2]
  end

  KEPT.each do |text|
    it "gives back #{text} as it came" do
      assert_equal text, there_and_back(text)
    end
  end

  CHANGED.each do |text, result|
    it "gives back #{text} as #{result}" do
      assert_equal result, there_and_back(text)
    end
  end

  READ_ONLY.each do |text|
    it "reads #{text} and refuses to write it" do
      # Ruby warns of a number out of range on stderr.
      capture_io do
        assert_kind_of Float, Polybolt::JsonText.parse("[#{text}]").first
        assert_raises(Polybolt::UnencodableError) { there_and_back(text) }
      end
    end
  end

  it "refuses what has no JSON form, and says so" do
    cycle = []
    cycle << cycle
    ["\xff", "\xff".b, cycle, Float::NAN, { "a" => [Float::INFINITY] }].each do |value|
      error = assert_raises(Polybolt::UnencodableError) { Polybolt::JsonText.generate([value], "the values of an emit") }
      assert_match(/\Athe values of an emit cannot be written as JSON: .+ Send nil, /m, error.message)
      assert_predicate error.message, :valid_encoding?
      assert_kind_of JSON::GeneratorError, error
    end
  end

  it "refuses a value whose own to_json raises" do
    sulking = Class.new { def to_json(*) = raise("no") }.new
    error = assert_raises(Polybolt::UnencodableError) { Polybolt::JsonText.generate([sulking]) }
    assert_equal "no", error.cause.message
  end

  it "writes again after it has refused" do
    deep = (1..300).inject([]) { |inner, _| [inner] }
    assert_raises(Polybolt::UnencodableError) { Polybolt::JsonText.generate(deep) }
    assert_equal "[[1]]", Polybolt::JsonText.generate([[1]])
  end

  it "writes as deep as the host allows" do
    deep = (2..256).inject([]) { |inner, _| [inner] }
    assert_equal "#{'[' * 256}#{']' * 256}", Polybolt::JsonText.generate(deep)
    assert_raises(Polybolt::UnencodableError) { Polybolt::JsonText.generate([deep]) }
  end

  it "writes symbols and other objects as Ruby's JSON does" do
    assert_equal '["a",{"b":"1/2"}]', Polybolt::JsonText.generate([:a, { b: 1/2r }])
  end

  it "makes any text fit for a log" do
    assert_equal "é", Polybolt::ErrorText.utf8("é".encode("ISO-8859-1"))
    assert_equal "é", Polybolt::ErrorText.utf8("é".b)
    assert_equal "a\ufffd", Polybolt::ErrorText.utf8("a\xff")
    assert_equal "7", Polybolt::ErrorText.utf8(7)
  end
end
