using System.Globalization;
using System.Runtime.InteropServices;
using Lab.Application;
using Lab.Application.Measuring;

namespace Lab.Cli;

/// <summary>The lab that started this process to measure for it. Killed at once, it can end nobody any more: what it started has
/// the kernel do that, or it would measure on beside whatever comes next.</summary>
internal static class ParentProcess
{
    private const int DeathSignal = 1, Kill = 9;

    /// <summary>The exit code where that lab is gone already; null where it is there, or nobody said so. From here on the kernel
    /// kills this process, also a stopped one, when the thread that started it ends.</summary>
    public static int? EndWith()
    {
        string? said = Environment.GetEnvironmentVariable(SelfProcess.ParentVariable);
        if (!int.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out int parent)) return null;
        Environment.SetEnvironmentVariable(SelfProcess.ParentVariable, null); // of this process, not of those that it starts
        _ = Control(DeathSignal, Kill, 0, 0, 0); // refused, it measures to its end
        return GetParent() == parent || Directory.Exists($"/proc/{parent}") ? null : ExitCode.Interrupted;
    }

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetParent();
}
