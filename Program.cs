using Lab.Cli;

return Descriptors.RefuseTooFew() ?? ParentProcess.EndWith() ?? LabCommand.Run(args);
