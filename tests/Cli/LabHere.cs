using Lab.Cli;

namespace Lab.Tests.Cli;

/// <summary>The command line in this process: what a test needs that is not about signals, the real standard output or how a
/// process ends.</summary>
internal static class LabHere
{
    public static LabExit Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = LabCommand.Run(arguments, new LabConsole(output, error, false, false));
        return new LabExit(code, output.ToString(), error.ToString());
    }
}
