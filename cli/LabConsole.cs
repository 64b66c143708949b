namespace Lab.Cli;

/// <summary>Where output goes: results to standard output, progress and complaints to standard error.</summary>
internal sealed record LabConsole(TextWriter Out, TextWriter Error, bool IsOutTerminal, bool IsErrorTerminal)
{
    public static LabConsole System { get; } =
        new(Console.Out, Console.Error, !Console.IsOutputRedirected, !Console.IsErrorRedirected);
}
