using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>The lab's KVM layer beside the same work in C: memslot updates and vCPU faults.</summary>
/// <remarks>The two take turns case by case in the order ABBA under one <see cref="QuietRegime"/>, each time in a new VM; the
/// first round is a short one, warms up and is not counted. Of a round and side count the 50th and the 99th percentile; what is
/// quoted is the median of the rounds' ratios, and how far the middle half of them spreads.</remarks>
internal sealed class MemslotComparison(PeerOptions options)
{
    /// <summary>Counted rounds unless asked otherwise: somewhat more than a minute.</summary>
    public const int DefaultRounds = 15;

    /// <summary>The warming round has this many times fewer iterations.</summary>
    private const int WarmingShare = 8;

    private readonly int _rounds = options.Rounds ?? DefaultRounds;
    private readonly List<MemslotRow> _rows =
        [.. MemslotCase.All.SelectMany(work => work.Operations.Select(operation => new MemslotRow(operation, work.Pages)))];

    /// <exception cref="WrongAnswerException">One side did other work than the other.</exception>
    public void Run(MemslotLab lab, MemslotPeer peer)
    {
        using QuietRegime regime = QuietRegime.Begin();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"A memslot of {MemslotCase.SlotPages:N0} pages, {_rounds} rounds in the order ABBA, each in a new VM: "
                + $"{regime.Description}."));
        for (int round = -1; round < _rounds; round++)
        {
            int row = 0;
            foreach (MemslotCase each in MemslotCase.All)
            {
                MemslotCase work = round < 0 ? each with { Iterations = each.Iterations / WarmingShare } : each;
                (IReadOnlyList<RoundQuantiles> ofLab, IReadOnlyList<RoundQuantiles> ofPeer) =
                    RunPair(lab, peer, work, regime, peerFirst: (round & 1) == 0);
                for (int operation = 0; operation < work.Operations.Count; operation++, row++)
                {
                    WrongAnswerException.ThrowUnlessEqual("samples of the lab", ofLab[operation].Samples, work.Samples);
                    WrongAnswerException.ThrowUnlessEqual("samples of the peer", ofPeer[operation].Samples, work.Samples);
                    if (round >= 0) _rows[row].Add(ofLab[operation], ofPeer[operation]);
                }
            }
        }
    }

    public void Print()
    {
        Console.WriteLine(options.Csv ? MemslotRow.CsvHeader : MemslotRow.TableHeader);
        foreach (MemslotRow row in _rows) Console.WriteLine(options.Csv ? row.ToCsv() : row.ToTable());
    }

    private static (IReadOnlyList<RoundQuantiles> Lab, IReadOnlyList<RoundQuantiles> Peer) RunPair(
        MemslotLab lab, MemslotPeer peer, MemslotCase work, QuietRegime regime, bool peerFirst)
    {
        IReadOnlyList<RoundQuantiles> ofPeer = [];
        if (peerFirst) ofPeer = peer.RunRound(work, regime);
        IReadOnlyList<RoundQuantiles> ofLab = lab.RunRound(work, regime);
        if (!peerFirst) ofPeer = peer.RunRound(work, regime);
        return (ofLab, ofPeer);
    }
}
