using Lab.Cli;

return Descriptors.RefuseTooFew() ?? LabCommand.Run(args);
