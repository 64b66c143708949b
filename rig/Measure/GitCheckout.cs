namespace Lab.Measure;

/// <summary>Reads git's own files: a checkout can be named on machines that have no git.</summary>
internal static class GitCheckout
{
    /// <summary>The commit that HEAD names in the checkout which holds a directory, or null when there is none.</summary>
    public static string? Commit(string directory)
    {
        string? folder = FindGitFolder(directory);
        if (folder is null || KernelText.ReadLine(Path.Combine(folder, "HEAD")) is not { } head) return null;
        const string Symbolic = "ref: ";
        return head.StartsWith(Symbolic, StringComparison.Ordinal) ? Resolve(folder, head[Symbolic.Length..].Trim()) : head;
    }

    /// <summary>Walks upwards to <c>.git</c>: a folder, or in a worktree a file that says where the folder is.</summary>
    private static string? FindGitFolder(string directory)
    {
        for (DirectoryInfo? at = new(Path.GetFullPath(directory)); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, ".git");
            if (Directory.Exists(candidate)) return candidate;
            if (KernelText.Field(KernelText.Read(candidate), "gitdir") is { } elsewhere)
            {
                return Path.GetFullPath(Path.Combine(at.FullName, elsewhere));
            }
        }

        return null;
    }

    /// <summary>A worktree keeps HEAD for itself and its branches with the main checkout.</summary>
    private static string? Resolve(string folder, string reference)
    {
        string shared = KernelText.ReadLine(Path.Combine(folder, "commondir")) is { } common
            ? Path.GetFullPath(Path.Combine(folder, common))
            : folder;
        return KernelText.ReadLine(Path.Combine(folder, reference))
            ?? KernelText.ReadLine(Path.Combine(shared, reference))
            ?? Packed(KernelText.Read(Path.Combine(shared, "packed-refs")), reference);
    }

    /// <summary>Lines of packed-refs: <c>commit reference</c>.</summary>
    private static string? Packed(string? text, string reference)
    {
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (line.EndsWith(" " + reference, StringComparison.Ordinal))
            {
                return line[..line.IndexOf(' ', StringComparison.Ordinal)];
            }
        }

        return null;
    }
}
