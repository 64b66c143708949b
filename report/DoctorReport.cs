using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Settings;

namespace Lab.Report;

/// <summary>What the doctor found, for people and for programs.</summary>
public sealed class DoctorReport(DoctorFindings found)
{
    private const int Columns = 80;

    private static readonly DoctorJsonContext Readable =
        new(new JsonSerializerOptions(DoctorJsonContext.Default.Options)
            { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The facts under their headings, within 80 columns: state, name and value; what it means; what fixes it.</summary>
    public IEnumerable<string> Lines()
    {
        const string inner = "        ";
        foreach (IGrouping<string, MachineFact> group in found.Facts.GroupBy(fact => fact.Group))
        {
            yield return group.Key;
            foreach (MachineFact fact in group)
            {
                TextGrid grid = new([], []);
                grid.AddAcross($"  {Word(fact.State),-8}{fact.Name,-17}", fact.Value, Columns);
                grid.AddAcross(inner + "  ", fact.Meaning, Columns);
                if (fact.Remedy is { } remedy && fact.State != FactState.Good) grid.AddAcross(inner + "→ ", remedy, Columns);
                foreach (string line in grid.Lines.Skip(2)) yield return line;
            }
            yield return "";
        }
        List<string> end = [Summary()];
        if (found.Noise is { } noise)
        {
            end.Add(string.Create(CultureInfo.InvariantCulture,
                $"Differences below {noise.Work.Floor} are noise here, and below {noise.Wake.Floor} "
                    + $"where threads wake each other; between processes they are larger."));
        }
        foreach (string line in end.SelectMany(text => TextGrid.Wrap(text, Columns))) yield return line;
    }

    public void PrintJson(TextWriter output)
    {
        DoctorJson json = new(
            [.. found.Facts.Select(
                fact => new FactJson(fact.Group, fact.Name, fact.Value, Word(fact.State), fact.Meaning, fact.Remedy))],
            found.Noise is { } noise ? new NoiseJson(Of(noise.Work), Of(noise.Wake)) : null);
        output.WriteLine(JsonSerializer.Serialize(json, Readable.DoctorJson));
    }

    private string Summary()
    {
        string[] bad = [.. found.Facts.Where(fact => fact.State == FactState.Bad).Select(fact => fact.Name)];
        int Count(FactState state) => found.Facts.Count(fact => fact.State == state);
        string counts =
            $"{Count(FactState.Good)} good, {Count(FactState.Fair)} fair, {Count(FactState.Unknown)} unknown, {bad.Length} bad";
        return bad.Length == 0 ? $"{counts}." : $"{counts}: {string.Join(", ", bad)}.";
    }

    private static SpreadJson Of(SliceSpread spread) =>
        new(spread.Slices, spread.UnitNanoseconds, spread.SpreadPercent, spread.FloorPercent, spread.StallNanoseconds,
            spread.WorstNanoseconds);

    private static string Word(FactState state) => state.ToString().ToLowerInvariant();
}

/// <summary>A fact as <c>lab doctor --format json</c> prints it; names are stable.</summary>
public sealed record FactJson(string Group, string Name, string Value, string State, string Meaning, string? Remedy);

/// <summary>One half of the noise floor; units in the names.</summary>
public sealed record SpreadJson(
    int Slices, double UnitNs, double SpreadPercent, double FloorPercent, double StallP99Ns, double StallMaxNs);

public sealed record NoiseJson(SpreadJson Work, SpreadJson Wake);

public sealed record DoctorJson(IReadOnlyList<FactJson> Facts, NoiseJson? Noise);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DoctorJson))]
public sealed partial class DoctorJsonContext : JsonSerializerContext;
