module polybolt.dev/go

go 1.19
