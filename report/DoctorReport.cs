using System.Globalization;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Report.Documents;

namespace Lab.Report;

/// <summary>A fact as <c>lab doctor --format json</c> prints it; names are stable.</summary>
public sealed record FactJson(string Group, string Name, string Value, string State, string Meaning, string? Remedy);

/// <summary>One half of the noise floor; units in the names.</summary>
public sealed record SpreadJson(
    int Slices, double UnitNs, double SpreadPercent, double FloorPercent, double StallP99Ns, double StallMaxNs);

public sealed record NoiseJson(SpreadJson Work, SpreadJson Wake);

public sealed record DoctorJson(IReadOnlyList<FactJson> Facts, NoiseJson? Noise);

/// <summary>What the doctor found: for what the machine is fit, what is noise on it, then the facts, with what each means and
/// what
/// mends it.</summary>
public static class DoctorReport
{
    private const string Kvm = "kvm";

    public static Document Of(DoctorFindings found) => new("lab doctor")
    {
        Mood = found.HasBad ? Mood.Bad : Mood.Good,
        Answer = [.. Answer(found)],
        Parts = [.. found.Facts.GroupBy(fact => fact.Group).Select(group =>
            new Section(group.Key, [.. group.SelectMany(Lines)]))],
    };

    public static DoctorJson Json(DoctorFindings found) => new(
        [.. found.Facts.Select(
            fact => new FactJson(fact.Group, fact.Name, fact.Value, Word(fact.State), fact.Meaning, fact.Remedy))],
        found.Noise is { } noise ? new NoiseJson(Of(noise.Work), Of(noise.Wake)) : null);

    private static IEnumerable<Prose> Answer(DoctorFindings found)
    {
        MachineFact[] bad = [.. found.Facts.Where(fact => fact.State == FactState.Bad)];
        yield return Fit("radix", bad.Where(fact => fact.Group != Kvm));
        yield return Fit("kvm", bad.Concat(found.Facts.Where(fact => fact.Name == Kvm
            && fact.State != FactState.Good)).Distinct());
        if (found.Noise is { } noise)
        {
            yield return $"Differences below {noise.Work.Floor} are noise here, and below {noise.Wake.Floor} where threads wake "
                + "each other; between processes they are larger.";
        }
        int Count(FactState state) => found.Facts.Count(fact => fact.State == state);
        yield return $"{Count(FactState.Good)} good, {Count(FactState.Fair)} fair, {Count(FactState.Unknown)} unknown, "
            + $"{bad.Length} bad; what mends them stands behind each →.";
    }

    private static Prose Fit(string mmu, IEnumerable<MachineFact> against)
    {
        string[] names = [.. against.Select(fact => fact.Name == Kvm ? $"kvm: {fact.Value}" : fact.Name)];
        return names.Length == 0 ? new($"Fit for --mmu {mmu}: yes.", Mood.Good)
            : new($"Fit for --mmu {mmu}: no ({string.Join(", ", names)}).", Mood.Bad);
    }

    private static IEnumerable<Prose> Lines(MachineFact fact)
    {
        const string indent = "          ";
        yield return new(string.Create(CultureInfo.InvariantCulture, $"  {Word(fact.State),-8}{fact.Name,-17}{fact.Value}"),
            fact.State switch { FactState.Bad => Mood.Bad, FactState.Fair => Mood.Warn, FactState.Good => Mood.Good, _ =>
                Mood.Plain });
        yield return new(indent + fact.Meaning);
        if (fact.Remedy is { } remedy && fact.State != FactState.Good) yield return new($"{indent[2..]}→ {remedy}");
    }

    private static SpreadJson Of(SliceSpread spread) =>
        new(spread.Slices, spread.UnitNanoseconds, spread.SpreadPercent, spread.FloorPercent, spread.StallNanoseconds,
            spread.WorstNanoseconds);

    private static string Word(FactState state) => state.ToString().ToLowerInvariant();
}
