using System.ComponentModel;
using System.Diagnostics;

namespace Lab.Application.Measuring;

/// <summary>Whether the checkout that the program was built from differs from its commit.</summary>
public static class WorkTree
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>True if a tracked file was changed; null where git is absent, slow, or says nothing.</summary>
    public static bool? IsDirty(string folder)
    {
        ProcessStartInfo start =
            new("git") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-C", folder, "status", "--porcelain", "--untracked-files=no"])
        {
            start.ArgumentList.Add(argument);
        }
        try
        {
            using Process git = Process.Start(start)!;
            Task<string> output = git.StandardOutput.ReadToEndAsync();
            if (!git.WaitForExit(Patience)) return null;
            return git.ExitCode == 0 ? output.GetAwaiter().GetResult().Length > 0 : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
