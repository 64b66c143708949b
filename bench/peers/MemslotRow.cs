using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>One operation of the memslot comparison: what each round found on both sides, and what is printed of it.</summary>
internal sealed class MemslotRow(string operation, int pages)
{
    public const string CsvHeader =
        "name,pages,lab_p50_ns,peer_p50_ns,ratio_p50_median,lab_p99_ns,peer_p99_ns,ratio_p99_median,rounds,"
        + "ratio_of_medians_p50,ratio_of_medians_p99";

    public const string TableHeader =
        "work         pages     lab p50 ns    peer p50 ns  lab/peer  paired (middle half)        lab p99 ns    peer p99 ns  "
            + "lab/peer  paired (middle half)";

    private readonly List<(RoundQuantiles Lab, RoundQuantiles Peer)> _rounds = [];

    public void Add(RoundQuantiles lab, RoundQuantiles peer) => _rounds.Add((lab, peer));

    public string ToCsv()
    {
        Figures p50 = Of(round => round.P50), p99 = Of(round => round.P99);
        return string.Create(CultureInfo.InvariantCulture,
            $"{operation},{pages},{p50.Lab:F0},{p50.Peer:F0},{p50.Ratios.Quantile(0.5):F3},{p99.Lab:F0},{p99.Peer:F0},"
                + $"{p99.Ratios.Quantile(0.5):F3},{_rounds.Count},{p50.Lab / p50.Peer:F3},{p99.Lab / p99.Peer:F3}");
    }

    public string ToTable()
    {
        Figures p50 = Of(round => round.P50), p99 = Of(round => round.P99);
        return string.Create(CultureInfo.InvariantCulture, $"{operation,-11}{pages,7:N0}{p50.ToTable()}{p99.ToTable()}");
    }

    private Figures Of(Func<RoundQuantiles, long> quantile) =>
        new(
            new Sample(_rounds.Select(round => (double)quantile(round.Lab))).Quantile(0.5),
            new Sample(_rounds.Select(round => (double)quantile(round.Peer))).Quantile(0.5),
            new Sample(_rounds.Select(round => (double)quantile(round.Lab) / quantile(round.Peer))));

    /// <summary>Medians over the rounds, and the rounds' ratios.</summary>
    private readonly record struct Figures(double Lab, double Peer, Sample Ratios)
    {
        public string ToTable() => string.Create(CultureInfo.InvariantCulture,
            $"{Lab,15:N0}{Peer,15:N0}{Lab / Peer,10:F3}  {Ratios.Quantile(0.5):F3} "
                + $"({Ratios.Quantile(0.25):F3} to {Ratios.Quantile(0.75):F3})");
    }
}
