using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>The hot paths of the radix MMU and the same work in C, round by round.</summary>
/// <remarks>The two take turns in the order ABBA, so that a drift of the machine hits both alike; the first pair warms up and is
/// not counted. In a round each does some passes over all pages, whose median counts; beside the medians and their
/// ratio stands the median of the rounds' ratios, which a machine that is busy with other things disturbs least. With one thread
/// both run on the same processor.</remarks>
internal sealed class RadixComparison(PeerOptions options)
{
    /// <summary>Counted rounds unless asked otherwise: enough for a median with a few disturbed rounds.</summary>
    public const int DefaultRounds = 31;

    private readonly int _rounds = options.Rounds ?? DefaultRounds;
    private readonly List<(RoundTimes Lab, RoundTimes Peer)> _times = [];

    public void Run(RadixPeer peer)
    {
        string where = options.Threads > 1 ? "not pinned" : Processors.PinHere() is >= 0 and int cpu ? $"both on CPU {cpu}"
            : "pinning refused";
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{options.Pages:N0} pages, {options.Threads} installing threads, {_rounds} rounds in the order ABBA, {where}."));
        using RadixLab lab = new(options);
        for (int round = -1; round < _rounds; round++)
        {
            RoundTimes peerTimes = default;
            bool peerFirst = (round & 1) == 0;
            if (peerFirst) peerTimes = peer.RunRound(options);
            RoundTimes labTimes = lab.RunRound();
            if (!peerFirst) peerTimes = peer.RunRound(options);
            if (round >= 0) _times.Add((labTimes, peerTimes));
        }
    }

    public void Print()
    {
        if (options.Csv) PrintCsv();
        else PrintTable();
    }

    private void PrintCsv()
    {
        Console.WriteLine("name,lab_ns,peer_ns,ratio_median,rounds,ratio_of_medians");
        foreach (Line line in Lines()) Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{line.Name},{line.Lab:F3},{line.Peer:F3},{line.Ratios.Quantile(0.5):F3},{_rounds},{line.Lab / line.Peer:F3}"));
    }

    private void PrintTable()
    {
        Console.WriteLine("work      lab ns/page  peer ns/page  lab/peer  paired by round (middle half)");
        foreach (Line line in Lines()) Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{line.Name,-8}{line.Lab,13:F3}{line.Peer,14:F3}{line.Lab / line.Peer,10:F3}  {line.Ratios.Quantile(0.5):F3} "
                + $"({line.Ratios.Quantile(0.25):F3} to {line.Ratios.Quantile(0.75):F3})"));
    }

    private IEnumerable<Line> Lines() =>
        [LineOf("install", times => times.Install), LineOf("walk", times => times.Walk), LineOf("zap", times => times.Zap)];

    private Line LineOf(string name, Func<RoundTimes, double> work) =>
        new(
            name,
            new Sample(_times.Select(round => work(round.Lab))).Quantile(0.5),
            new Sample(_times.Select(round => work(round.Peer))).Quantile(0.5),
            new Sample(_times.Select(round => work(round.Lab) / work(round.Peer))));

    private readonly record struct Line(string Name, double Lab, double Peer, Sample Ratios);
}
