namespace Lab.Application.Guests;

/// <summary>What a run in a guest is told that nobody typed. An emulated processor is some fifty times slower: what is meant for
/// a real one takes minutes there, and its times mean nothing anyway.</summary>
public static class GuestArguments
{
    private static readonly (string Option, string Value)[] Everywhere = [("--figures", "off")];

    private static readonly (string Option, string Value)[] Emulated =
    [
        ("--memory", "16MiB"), ("--runs", "1"), ("--duration", "1s"), ("--warmup", "100ms"), ("--warmup-limit", "2s"),
        ("--steady-limit", "0s"), ("--watch", "off"), ("--perf", "off"), ("--watchdog", "60s"),
    ];

    /// <summary>A pool of KVM VMs that is as large as elsewhere takes seconds to make. More than the roots that puts may leave
    /// behind them (second-list-shared, 8): who waits for one of the pool waits for their tear-down.</summary>
    private static readonly (string Option, string Value)[] EmulatedOnKvm = [("--contexts", "16")];

    /// <summary>The arguments with what was added, which comes second; other verbs than <c>run</c> are left alone.</summary>
    public static (IReadOnlyList<string> Arguments, IReadOnlyList<string> Added) For(
        IReadOnlyList<string> typed, GuestProcessor processor)
    {
        bool isRun = typed is [] or ["run", ..] || typed[0].StartsWith('-');
        if (!isRun || typed.Any(word => word is "--help" or "--help-all" or "--version")) return (typed, []);
        IEnumerable<(string Option, string Value)> wanted = processor == GuestProcessor.Nested ? Everywhere
            : [.. Everywhere, .. Emulated, .. IsOnKvm(typed) ? EmulatedOnKvm : []];
        string[] added = [.. wanted.Where(one => !IsTyped(typed, one.Option))
            .SelectMany(one => (string[])[one.Option, one.Value])];
        return ([.. typed, .. added], added);
    }

    private static bool IsTyped(IReadOnlyList<string> typed, string option) =>
        typed.Any(word => word == option || word.StartsWith($"{option}=", StringComparison.Ordinal));

    private static bool IsOnKvm(IReadOnlyList<string> typed) =>
        typed.Contains("--mmu=kvm") || typed.Zip(typed.Skip(1)).Any(pair => pair is ("--mmu", "kvm"));
}
