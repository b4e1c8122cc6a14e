# frozen_string_literal: true

# Tests of the package as a newcomer meets it: the gemspec, the examples, and requiring it without side effects.

require "helper"
require "rubygems"

class PackageTest < Minitest::Test
  it "describes a gem that has no dependencies and holds both modules" do
    gem = Gem::Specification.load(File.join(ROOT, "polybolt.gemspec"))
    assert_equal ["polybolt", Polybolt::VERSION, []], [gem.name, gem.version.to_s, gem.dependencies]
    assert_includes gem.files, "lib/polybolt.rb"
    assert_includes gem.files, "lib/storm.rb"
    assert_empty gem.files.grep(/test/)
  end

  it "changes nothing in the process when it is required" do
    child = keep(Child.new([RbConfig.ruby, "-I", File.join(ROOT, "lib"), "-e", "require 'polybolt'; require 'storm'; puts gets"]))
    child.write("through\n")
    assert_equal 0, child.finish
    assert_equal "through\n", child.rest
  end

  it "shows programs in its README that run" do
    programs = File.read(File.join(ROOT, "README.md"), encoding: "UTF-8").scan(/^```ruby\n(.*?)^```/m).flatten
    bolt, spout, storm = programs.map { |code| source(code).start }
    assert_equal 3, programs.size
    bolt.tuple("1", "one two")
    assert_equal [["one"], ["two"], nil], bolt.hear_many(3).map { |message| message["tuple"] }
    spout.say({ "command" => "next" })
    assert_equal [[1, 1], [nil, nil]], spout.hear_many(2).map { |message| [message["id"], message["tuple"]&.first] }
    storm.tuple("1", "hey")
    assert_equal ["hey!"], storm.hear["tuple"]
  end

  def example(name, *args)
    keep(Child.new([RbConfig.ruby, File.join(ROOT, "examples", name), *args], env: { "RUBYLIB" => File.join(ROOT, "lib") })).start
  end

  it "splits and counts as the examples say" do
    split = example("split.rb")
    split.tuple("1", "The cat's é")
    assert_equal [["the"], ["cat"], ["s"], nil], split.hear_many(4).map { |message| message["tuple"] }
    count = example("count.rb")
    count.say(Child.tuple("1", "a"), Child.tuple("2", "a"), Child.tuple("3", 5, component: "__system", stream: "__tick"))
    assert_equal [["a", 1], nil, ["a", 2], nil], count.hear_many(4).map { |message| message["tuple"] }
    assert_equal "1 different words", count.hear["msg"]
  end

  it "reads a file to its end with both example spouts, and again what failed" do
    Dir.mktmpdir do |dir|
      path = File.join(dir, "text")
      File.write(path, "one\ntw\u00f6\n")
      plain = example("lines.rb", path)
      3.times { plain.say({ "command" => "next", "id" => "" }) }
      assert_equal [["one"], nil, ["twö"], nil, nil], plain.hear_many(5).map { |message| message["tuple"] }
      reliable = example("reliable-lines.rb", path)
      reliable.say({ "command" => "next", "id" => "" })
      assert_equal [1, nil], reliable.hear_many(2).map { |message| message["id"] }
      reliable.say({ "command" => "fail", "id" => 1 })
      assert_equal ["line 1 failed and will be sent again", nil], reliable.hear_many(2).map { |message| message["msg"] }
      2.times { reliable.say({ "command" => "next", "id" => "" }) }
      assert_equal [["one"], nil, ["twö"], nil], reliable.hear_many(4).map { |message| message["tuple"] }
    end
  end
end
