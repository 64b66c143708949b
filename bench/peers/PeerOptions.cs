using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>How the comparison with the C peer is run, as typed behind <c>peers</c>.</summary>
internal sealed record PeerOptions
{
    public const string Usage = "usage: peers [--pages N] [--threads N] [--rounds N] [--format table|csv]";

    /// <summary>Guest frames per round. The default, 1 GiB, needs 2 MiB of leaf tables: more than a core's own caches.</summary>
    public int Pages { get; init; } = 262_144;

    /// <summary>Installers. Walk and zap are one thread's work always, as in the peer.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Counted rounds, one more is run for warming. The default is enough for a median with a few disturbed rounds.</summary>
    public int Rounds { get; init; } = 31;

    public bool Csv { get; init; }

    /// <exception cref="FormatException">An option is unknown, lacks its value or is out of range; the message says which.</exception>
    public static PeerOptions Parse(ReadOnlySpan<string> arguments)
    {
        PeerOptions options = new();
        for (int index = 0; index < arguments.Length; index += 2)
        {
            string name = arguments[index];
            string value = index + 1 < arguments.Length ? arguments[index + 1] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
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
}
