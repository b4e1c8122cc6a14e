# frozen_string_literal: true

# The gem's description. It names no dependency: the library needs Ruby's standard library and nothing else.

require_relative "lib/polybolt/version"

Gem::Specification.new do |spec|
  spec.name = "polybolt"
  spec.version = Polybolt::VERSION
  spec.summary = "Write Apache Storm spouts and bolts in Ruby"
  spec.description = "Spouts and bolts for Polybolt and Apache Storm over the multilang protocol, with a drop-in storm.rb."
  spec.authors = ["The Polybolt authors"]
  spec.license = "Apache-2.0"
  spec.required_ruby_version = ">= 3.0"
  spec.require_paths = ["lib"]
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "examples/*.rb", "README.md"] }
end
