using Lab.Cli;

return LabCommand.Run(args);
