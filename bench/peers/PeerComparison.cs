using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>
/// The lab's hot paths beside the same work in C, round by round in one go: <c>lab bench peers</c>.
/// </summary>
/// <remarks>
/// The two take turns in the order ABBA, so that a drift of the machine hits both alike; the first pair warms up and is not counted.
/// In a round each does some passes over all pages, whose median counts; what is quoted is the median of the rounds' ratios, which a
/// machine that is busy with other things disturbs least. With one thread both run on the same processor.
/// </remarks>
internal sealed class PeerComparison(PeerOptions options)
{
    private const int Fine = 0;
    private const int Usage = 2;
    private const int Wrong = 4;

    private readonly List<(RoundTimes Lab, RoundTimes Peer)> _rounds = new(options.Rounds);

    /// <summary>Runs the comparison that the arguments ask for; returns the exit code.</summary>
    public static int RunWith(ReadOnlySpan<string> arguments, string artifacts)
    {
        PeerOptions options;
        try
        {
            options = PeerOptions.Parse(arguments);
        }
        catch (FormatException complaint)
        {
            Console.Error.WriteLine($"{complaint.Message} {PeerOptions.Usage}");
            return Usage;
        }

        RadixPeer? peer = RadixPeer.TryBuild(artifacts);
        if (peer is null)
        {
            Console.Error.WriteLine("The C peers need gcc, and there is none on the PATH; install it or leave out `peers`.");
            return Usage;
        }

        PeerComparison comparison = new(options);
        try
        {
            comparison.Run(peer);
        }
        catch (WrongAnswerException complaint)
        {
            Console.Error.WriteLine(complaint.Message);
            return Wrong;
        }
        if (options.Csv) comparison.PrintCsv();
        else comparison.PrintTable();
        return Fine;
    }

    private void Run(RadixPeer peer)
    {
        string where = options.Threads > 1 ? "not pinned" : Processors.PinHere() is >= 0 and int cpu ? $"both on CPU {cpu}" : "pinning refused";
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{options.Pages:N0} pages, {options.Threads} installing threads, {options.Rounds} rounds in the order ABBA, {where}."));
        using RadixLab lab = new(options);
        for (int round = -1; round < options.Rounds; round++)
        {
            RoundTimes peerTimes = default;
            bool peerFirst = (round & 1) == 0;
            if (peerFirst) peerTimes = peer.RunRound(options);
            RoundTimes labTimes = lab.RunRound();
            if (!peerFirst) peerTimes = peer.RunRound(options);
            if (round >= 0) _rounds.Add((labTimes, peerTimes));
        }
    }

    private void PrintCsv()
    {
        Console.WriteLine("name,lab_ns,peer_ns,ratio_median,rounds");
        foreach (Line line in Lines())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{line.Name},{line.Lab:F3},{line.Peer:F3},{line.Ratios.Quantile(0.5):F3},{_rounds.Count}"));
    }

    private void PrintTable()
    {
        Console.WriteLine("work      lab ns/page  peer ns/page  lab/peer median   middle half of the rounds");
        foreach (Line line in Lines())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{line.Name,-8}{line.Lab,13:F3}{line.Peer,14:F3}{line.Ratios.Quantile(0.5),17:F3}   {line.Ratios.Quantile(0.25):F3} to {line.Ratios.Quantile(0.75):F3}"));
    }

    private IEnumerable<Line> Lines() =>
        [LineOf("install", times => times.Install), LineOf("walk", times => times.Walk), LineOf("zap", times => times.Zap)];

    private Line LineOf(string name, Func<RoundTimes, double> work) =>
        new(
            name,
            new Sample(_rounds.Select(round => work(round.Lab))).Quantile(0.5),
            new Sample(_rounds.Select(round => work(round.Peer))).Quantile(0.5),
            new Sample(_rounds.Select(round => work(round.Lab) / work(round.Peer))));

    private readonly record struct Line(string Name, double Lab, double Peer, Sample Ratios);
}
