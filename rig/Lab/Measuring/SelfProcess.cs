using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Lab.Application.Measuring;

/// <summary>How this program starts itself: its own executable, or the runtime that was given its assembly.</summary>
public static class SelfProcess
{
    /// <summary>Name of the assembly that understands the arguments.</summary>
    private const string Program = "lab";

    /// <summary>Environment variable with the number of the process that this one measures for, and ends with.</summary>
    public const string ParentVariable = "LAB_PARENT";

    /// <summary>What is started so ends with this process, however that ends. Start it on a thread that waits for it: the kernel
    /// takes the thread for the parent.</summary>
    public static void EndsWithThis(ProcessStartInfo start) =>
        start.Environment[ParentVariable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>Null where it cannot tell, or is a library in somebody else's process.</summary>
    public static ProcessStartInfo? Start(IEnumerable<string> arguments)
    {
        if (Environment.ProcessPath is not { } self || Assembly.GetEntryAssembly() is not { } program
            || program.GetName().Name != Program)
        {
            return null;
        }
        ProcessStartInfo start =
            new(self) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, $"{Program}.dll"));
        }
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
