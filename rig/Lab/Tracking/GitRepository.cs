using System.ComponentModel;
using System.Diagnostics;

namespace Lab.Application.Tracking;

/// <summary>A commit as git names it.</summary>
public readonly record struct GitCommit(string Hash, string Subject);

/// <summary>Questions to git about commits. Where git, the repository or a commit is missing there is no answer, and no
/// error.</summary>
public sealed class GitRepository(string folder)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public string Folder => folder;

    /// <summary>The whole hash of a revision; null if git knows none.</summary>
    public string? Resolve(string revision) =>
        revision.Length == 0 ? null
        : Ask("rev-parse", "--verify", "--quiet", "--end-of-options", $"{revision}^{{commit}}")?.Trim() is { Length: > 0 } hash
        ? hash : null;

    /// <summary>Commits after one up to and with another, oldest first; null if git does not know both.</summary>
    public IReadOnlyList<GitCommit>? Between(string after, string upTo)
    {
        if (Resolve(after) is not { } from || Resolve(upTo) is not { } to) return null;
        string? log = Ask("-c", "log.showSignature=false", "log", "--no-color", "--reverse", "--format=%H %s", "--end-of-options",
            $"{from}..{to}");
        return log is null ? null : [.. log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    /// <summary>Whether a commit is the other or comes before it; null if git does not know both.</summary>
    public bool? IsAncestor(string commit, string of)
    {
        if (Resolve(commit) is not { } from || Resolve(of) is not { } to) return null;
        return Ask("merge-base", "--is-ancestor", from, to) is not null;
    }

    private static GitCommit Parse(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? new GitCommit(line, "") : new GitCommit(line[..space], line[(space + 1)..]);
    }

    /// <summary>What git says, null if it fails.</summary>
    private string? Ask(params string[] arguments)
    {
        ProcessStartInfo start =
            new("git") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-C", folder, .. arguments]) start.ArgumentList.Add(argument);
        try
        {
            using Process git = Process.Start(start)!;
            Task<string> output = git.StandardOutput.ReadToEndAsync(), error = git.StandardError.ReadToEndAsync();
            if (!git.WaitForExit(Patience))
            {
                git.Kill(entireProcessTree: true);
                return null;
            }
            _ = error.GetAwaiter().GetResult();
            return git.ExitCode == 0 ? output.GetAwaiter().GetResult() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
