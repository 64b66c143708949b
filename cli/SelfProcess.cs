using System.Diagnostics;
using System.Reflection;

namespace Lab.Cli;

/// <summary>How this program starts itself: its own executable, or the runtime that was given its assembly.</summary>
internal static class SelfProcess
{
    /// <summary>Null where it cannot tell, or is a library in somebody else's process.</summary>
    public static ProcessStartInfo? Start(IEnumerable<string> arguments)
    {
        if (Environment.ProcessPath is not { } self || Assembly.GetEntryAssembly() != typeof(SelfProcess).Assembly) return null;
        ProcessStartInfo start = new(self) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet") start.ArgumentList.Add(typeof(SelfProcess).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
