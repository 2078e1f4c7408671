// Stands for the package `long`, which protobufjs does without when it is missing.
module.exports = undefined;
