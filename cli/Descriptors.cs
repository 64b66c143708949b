using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Lab.Application;

namespace Lab.Cli;

/// <summary>What the process was given to open files with. Calls nothing that would need many of them.</summary>
internal static class Descriptors
{
    /// <summary>What is enough for every verb without KVM, whose own need is said by itself: the runtime holds two for each
    /// assembly, a run some for its watcher, a comparison some for each arm.</summary>
    private const int Needed = 160;

    private const int OpenFiles = 7, GetFlags = 1, CloseOnExec = 1, StandardError = 2;

    /// <summary>The exit code where there are too few, which has been said; null where there are enough. With fewer the runtime
    /// fails in the middle of something, wherever it next needs an assembly.</summary>
    public static int? RefuseTooFew()
    {
        if (GetLimit(OpenFiles, out Limits limits) != 0 || limits.Now >= Needed) return null;
        byte[] text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"lab: {limits.Now} files may be open at once, and the lab needs {Needed}: raise the limit with ulimit -n {Needed}."
                + $"\n"));
        _ = Write(StandardError, text, (nuint)text.Length);
        return ExitCode.Usage;
    }

    /// <summary>Whether the process was started with it. The runtime's own, which take the first number that is free, are closed
    /// when a program is executed; what was inherited was not.</summary>
    public static bool IsOpen(int descriptor)
    {
        int flags = Control(descriptor, GetFlags, 0);
        return flags >= 0 && (flags & CloseOnExec) == 0;
    }

    /// <summary>struct rlimit.</summary>
    private struct Limits
    {
        public ulong Now;
        public ulong Most;
    }

    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out Limits limits);

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command, nint argument);

    [DllImport("libc", EntryPoint = "write")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(int descriptor, byte[] text, nuint length);
}
