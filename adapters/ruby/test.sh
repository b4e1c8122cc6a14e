#!/bin/sh
# Runs the Ruby adapter's tests with minitest. Needs Ruby 3.0+ and nothing else; works from any directory and leaves no
# file behind. Exits non-zero when a test fails.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
ruby -e 'exit RUBY_VERSION >= "3.0"' || { echo "the Ruby adapter needs Ruby 3.0 or newer, as \`ruby\`" >&2; exit 1; }
ruby -e 'require "minitest"' 2>/dev/null || { echo "minitest is missing: apt-get install ruby-minitest, or gem install minitest" >&2; exit 1; }
unset RUBYOPT RUBYLIB
exec ruby -w -I "$here/lib" -I "$here/test" -e 'Dir[File.join(ARGV.shift, "*_test.rb")].sort.each { |file| require file }' \
  "$here/test" "$@"
