namespace Lab.Plots;

/// <summary>Commits as people name them.</summary>
public static class CommitNames
{
    private const int Digits = 8;
    private const string Dirty = "-dirty";

    /// <summary>Eight digits of a hash, as git prints them, <c>+</c> behind them if there were changes on top; anything else
    /// whole.</summary>
    public static string Short(string commit)
    {
        bool isDirty = commit.EndsWith(Dirty, StringComparison.Ordinal);
        string hash = isDirty ? commit[..^Dirty.Length] : commit;
        return hash.Length > Digits && hash.All(char.IsAsciiHexDigit) ? hash[..Digits] + (isDirty ? "+" : "") : commit;
    }
}
