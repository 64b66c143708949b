using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>How the comparison with the C peers is run, as typed behind <c>peers</c>.</summary>
internal sealed record PeerOptions
{
    public const string Usage = "usage: peers [--peer radix|memslot|all] [--rounds N] [--pages N] [--threads N] [--format "
        + "table|csv]; --pages and --threads are the radix comparison's";

    /// <summary>Compare the radix MMU with <c>radix_peer.c</c>.</summary>
    public bool Radix { get; init; } = true;

    /// <summary>Compare the KVM layer with <c>memslot_bench.c</c>.</summary>
    public bool Memslot { get; init; } = true;

    /// <summary>Guest frames per round of the radix comparison. The default, 1 GiB, needs 2 MiB of leaf tables: more than a
    /// core's own caches. The memslot comparison has sizes of its own, <see cref="MemslotCase.All"/>.</summary>
    public int Pages { get; init; } = 262_144;

    /// <summary>Installers of the radix comparison. Walk and zap are one thread's work always, as in the peer.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Counted rounds of each comparison; one more is run for warming. Null is the comparison's own default.</summary>
    public int? Rounds { get; init; }

    public bool Csv { get; init; }

    /// <exception cref="FormatException">An option is unknown, lacks its value or is out of range; the message says
    /// which.</exception>
    public static PeerOptions Parse(ReadOnlySpan<string> arguments)
    {
        PeerOptions options = new();
        for (int index = 0; index < arguments.Length; index += 2)
        {
            string name = arguments[index];
            string value =
                index + 1 < arguments.Length ? arguments[index + 1] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
                "--peer" => options with { Radix = IsOneOf(value, "radix"), Memslot = IsOneOf(value, "memslot") },
                "--pages" => options with { Pages = Number(name, value, 1, 1 << 28) },
                "--threads" => options with { Threads = Number(name, value, 1, 128) },
                "--rounds" => options with { Rounds = Number(name, value, 1, 100_000) },
                "--format" => options with { Csv = IsCsv(value) },
                _ => throw new FormatException($"There is no option {name}."),
            };
        }
        if (options.Pages < options.Threads) throw new FormatException("There must be at least as many pages as threads.");
        return options;
    }

    private static int Number(string name, string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max
            ? number
            : throw new FormatException($"{name} takes a number from {min} to {max}, not '{text}'.");

    private static bool IsCsv(string text) =>
        text is "csv" or "table" ? text == "csv" : throw new FormatException($"--format is table or csv, not '{text}'.");

    private static bool IsOneOf(string text, string peer) =>
        text is "radix" or "memslot" or "all" ? text == peer || text == "all"
        : throw new FormatException($"--peer is radix, memslot or all, not '{text}'.");
}
