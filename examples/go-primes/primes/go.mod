module go-primes/primes

go 1.19

require polybolt.dev/go v0.0.0

replace polybolt.dev/go => ../../../adapters/go
