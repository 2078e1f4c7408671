// Stands for @grpc/proto-loader, which grpc-js asks for when a server offers its channelz or ORCA services. Ours does not.
module.exports = undefined;
