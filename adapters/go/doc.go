// Package polybolt lets a Go program be a spout or a bolt of a Polybolt or Apache Storm topology. The program speaks
// Storm's multilang protocol with its host over stdin and stdout, and the package hides that protocol.
//
// Implement BasicBolt, Bolt or Spout, and hand it to RunBasicBolt, RunBolt or RunSpout in main. What else a component
// can do (prepare, ticks, activation, close) are optional interfaces that the run functions look for.
package polybolt
