using System.Globalization;
using System.Text;

namespace Lab.Application.Conformance;

/// <summary>Where a trace and the lab part.</summary>
/// <param name="Stream">What was being compared.</param>
/// <param name="Line">Line of the trace's event; past its last line if the lab has events that the trace does not have; zero for
/// page counts.</param>
/// <param name="Sides">Both normal forms side by side, the first difference marked.</param>
internal sealed record Difference(string Stream, int Line, string Sides);

/// <summary>Compares two histories in order, reference counts, levels and frames: the updater (which is also the destroyer) and
/// the worker event for event, the vCPUs merged.</summary>
/// <remarks>Which vCPU is first is a race in the kernel's traces, and so is whether one loads the root before or after the other
/// has made tables. So of the vCPUs two sequences are compared, without saying which vCPU: what befalls roots (a root is made,
/// loaded, put), and the tables below in the order in which they were linked. Orders between parts are
/// <see cref="CausalOrder"/>'s.</remarks>
internal sealed class Comparison
{
    private static readonly (string Name, Predicate<NormalEvent> Has)[] Streams =
    [
        ("updater and destroyer", one => one.Part is Part.Updater or Part.Destroyer),
        ("worker", one => one.Part == Part.Worker),
        ("vCPUs, roots", one => one.Part == Part.Vcpu && !IsTable(one)),
        ("vCPUs, tables", one => one.Part == Part.Vcpu && IsTable(one)),
    ];

    private Comparison(string kernel, string lab, IReadOnlyList<Difference> differences)
    {
        Differences = differences;
        if (First is not { } first) return;
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{lab} does not do what {kernel} shows; first difference at {kernel}:{first.Line} ({first.Stream}).");
        foreach (Difference one in differences) text.AppendLine().AppendLine(one.Stream).Append(one.Sides);
        Report = text.ToString();
    }

    /// <summary>At most one per stream, and one for the counts of pages.</summary>
    public IReadOnlyList<Difference> Differences { get; }

    /// <summary>The one that comes first in the trace.</summary>
    public Difference? First => Differences.MinBy(one => one.Line);

    /// <summary>For people: empty if there is no difference.</summary>
    public string Report { get; } = "";

    public static Comparison Of(History kernel, History lab, IEnumerable<Waiver> waivers)
    {
        IReadOnlyList<Sourced> left = kernel.Events;
        IReadOnlyList<Sourced> right = lab.Events;
        foreach (Waiver waiver in waivers)
        {
            left = waiver.Apply(left);
            right = waiver.Apply(right);
        }
        int end = kernel.Events.Count == 0 ? 1 : kernel.Events.Max(one => one.Line) + 1;
        List<Difference> differences = [];
        foreach ((string name, Predicate<NormalEvent> has) in Streams)
        {
            if (CompareStream(name, [.. left.Where(one => has(one.Event))], [.. right.Where(one => has(one.Event))],
                end) is { } difference)
            {
                differences.Add(difference);
            }
        }
        foreach (History side in (History[])[kernel, lab])
        {
            if (side.PagesFreed is { } freed && freed != side.PagesMade)
            {
                differences.Add(
                    new Difference("page counts", 0, $"{side.Name}: {side.PagesMade} tables were made and {freed} freed\n"));
            }
        }
        return new Comparison(kernel.Name, lab.Name, differences);
    }

    private static Difference? CompareStream(string name, IReadOnlyList<Sourced> kernel, IReadOnlyList<Sourced> lab, int end)
    {
        int length = Math.Max(kernel.Count, lab.Count);
        int at =
            Enumerable.Range(0, length).FirstOrDefault(index => EventAt(kernel, index) != EventAt(lab, index), defaultValue: -1);
        if (at < 0) return null;
        StringBuilder sides = new();
        string phase = "";
        for (int index = 0; index < length; index++)
        {
            string here = (EventAt(kernel, index) ?? EventAt(lab, index))!.Phase;
            if (here != phase) sides.Append("  ").AppendLine(phase = here);
            string line = index < kernel.Count ? kernel[index].Line.ToString(CultureInfo.InvariantCulture) : "";
            sides.AppendLine(CultureInfo.InvariantCulture,
                $"{(index == at ? ">>" : "  ")} {line,4} {TextAt(kernel, index, here),-48} | {TextAt(lab, index, here)}");
        }
        return new Difference(name, at < kernel.Count ? kernel[at].Line : end, sides.ToString());
    }

    private static NormalEvent? EventAt(IReadOnlyList<Sourced> side, int index) => index < side.Count ? side[index].Event : null;

    private static string TextAt(IReadOnlyList<Sourced> side, int index, string phase) =>
        EventAt(side, index) switch
        {
            null => "-",
            { } one when one.Phase == phase => one.ToString(),
            { } one => $"{one} (in \"{one.Phase}\")",
        };

    private static bool IsTable(NormalEvent one) => one.Verb == Verb.GetPage && one.Level < (int)Lab.Mmu.RootRole.Normal.Level;
}
