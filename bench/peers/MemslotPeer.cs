using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>The C program <c>memslot_bench.c</c>: a process per round and case.</summary>
internal sealed class MemslotPeer(CProgram program)
{
    private const int OperationColumn = 2;
    private const int CountColumn = 10;
    private const int P50Column = 12;
    private const int P99Column = 14;

    /// <summary>One figure per operation of the case, in order.</summary>
    /// <exception cref="PeerFailedException">It could not do the work, or does not print what it should.</exception>
    public IReadOnlyList<RoundQuantiles> RunRound(MemslotCase work, QuietRegime regime)
    {
        string output = program.Run(
        [
            "--case", work.Name, "--pages", Text(work.Pages), "--stride", Text(work.Stride), "--slot-pages",
            Text(MemslotCase.SlotPages),
            "--iters", Text(work.Iterations), "--warmup", Text(MemslotCase.Warmup), "--no-header", .. regime.PeerArguments,
        ]);
        return Read(output, work);
    }

    /// <summary>Finds the operations of the case in the peer's lines.</summary>
    public static IReadOnlyList<RoundQuantiles> Read(string output, MemslotCase work)
    {
        string[][] lines = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(','))];
        return [.. work.Operations.Select(operation => Read(lines, operation))];
    }

    private static RoundQuantiles Read(string[][] lines, string operation)
    {
        string[] cells = Array.Find(lines, line => line.Length > P99Column && line[OperationColumn] == operation)
            ?? throw new PeerFailedException($"memslot_bench printed no line for {operation}.");
        return new RoundQuantiles(Number(cells[P50Column]), Number(cells[P99Column]), (int)Number(cells[CountColumn]));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
