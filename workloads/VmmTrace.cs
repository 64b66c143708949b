using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>One recorded KVM_SET_USER_MEMORY_REGION call. The time counts from the first call of the trace; a range of no frames
/// deletes the slot.</summary>
public readonly record struct VmmCall(long AtNanoseconds, int Slot, MemslotFlags Flags, GfnRange Range)
{
    public bool IsDelete => Range.IsEmpty;
}

/// <summary>A trace file cannot be used; the message names the line and what was expected there.</summary>
public sealed class VmmTraceException(string message) : Exception(message);

/// <summary>Memslot calls recorded from a real VMM, checked so that a replay cannot fail half-way: each line is well-formed,
/// times do not run backward, deleted slots exist, created ones do not overlap.</summary>
public sealed partial class VmmTrace
{
    private const string Form = "'THREAD SECONDS Slot#N flags=0xF gpa=0xA size=0xS ret=R'";

    private VmmTrace(string name, IReadOnlyList<VmmCall> calls)
    {
        Name = name;
        Calls = calls;
        FramesMax = calls.Max(call => call.Range.End.Value);
    }

    public string Name { get; }

    public IReadOnlyList<VmmCall> Calls { get; }

    /// <summary>One more than the highest guest frame that any slot holds.</summary>
    public ulong FramesMax { get; }

    /// <summary>The same calls with no slot larger than so many frames: what is cut off is the end of large slots. Where guest
    /// memory is real, each page of a slot is written before the slot is made.</summary>
    public VmmTrace WithSlotsUpTo(ulong frames) => new(Name, [.. Calls.Select(call =>
        call.Range.Frames <= frames ? call : call with { Range = GfnRange.Of(call.Range.Start.Value, frames) })]);

    /// <summary>Traces that come with the lab.</summary>
    public static IReadOnlyList<string> BuiltIn =>
        [.. typeof(VmmTrace).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)];

    /// <summary>Reads a built-in trace by name, or a file by path.</summary>
    /// <exception cref="VmmTraceException">Neither, or its content is not a trace.</exception>
    public static VmmTrace Load(string nameOrPath)
    {
        if (BuiltIn.Contains(nameOrPath))
        {
            using StreamReader reader = new(typeof(VmmTrace).Assembly.GetManifestResourceStream(nameOrPath)!);
            return Parse(nameOrPath, reader.ReadToEnd());
        }
        try
        {
            return Parse(Path.GetFileName(nameOrPath), File.ReadAllText(nameOrPath));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new VmmTraceException(
                $"There is no trace '{nameOrPath}': use a readable file or one of the built-in traces "
                    + $"{string.Join(", ", BuiltIn)}.");
        }
    }

    /// <exception cref="VmmTraceException">The text is not a trace.</exception>
    public static VmmTrace Parse(string name, string text)
    {
        List<VmmCall> calls = [];
        Dictionary<int, VmmCall> slots = [];
        long? first = null;
        string[] lines = text.Split('\n');
        for (int index = 0; index < lines.Length; index++)
        {
            string line = lines[index].TrimEnd('\r');
            string place = $"{name}, line {index + 1}";
            if (line.Length == 0 || line[0] == '#') continue;
            Match match = CallLine().Match(line);
            if (!match.Success) throw new VmmTraceException($"{place}: expected {Form}, found '{Shorten(line)}'.");
            if (index == lines.Length - 1) throw new VmmTraceException(
                $"{place}: expected a line end after the call; the file is truncated.");
            if (match.Groups["result"].Value != "0") continue;
            long at = NanosecondsOf(match, place);
            first ??= at;
            VmmCall call =
                new(at - first.Value, Number(match, "slot", 10), (MemslotFlags)Number(match, "flags", 16), RangeOf(match, place));
            if (calls.Count != 0 && call.AtNanoseconds < calls[^1].AtNanoseconds)
            {
                throw new VmmTraceException($"{place}: expected a time no earlier than the call before; it runs backward.");
            }
            Apply(slots, call, place);
            calls.Add(call);
        }
        if (calls.Count == 0) throw new VmmTraceException($"{name}: expected at least one line {Form}; there is none.");
        return new VmmTrace(name, calls);
    }

    private static void Apply(Dictionary<int, VmmCall> slots, VmmCall call, string place)
    {
        if (call.IsDelete)
        {
            if (!slots.Remove(call.Slot)) throw new VmmTraceException(
                $"{place}: expected slot {call.Slot} to exist before it is deleted (size=0x0).");
            return;
        }
        bool exists = slots.TryGetValue(call.Slot, out VmmCall present);
        if (exists && present.Range != call.Range) throw new VmmTraceException(
            $"{place}: expected slot {call.Slot} to be deleted before it is created with another range.");
        if (exists && ((present.Flags ^ call.Flags) & MemslotFlags.ReadOnly) != 0)
        {
            throw new VmmTraceException($"{place}: expected slot {call.Slot} to stay "
                + $"{(present.Flags.HasFlag(MemslotFlags.ReadOnly) ? "read-only" : "writable")}; KVM refuses that change.");
        }
        foreach (VmmCall other in slots.Values)
        {
            if (other.Slot != call.Slot && other.Range.Overlaps(call.Range)) throw new VmmTraceException(
                $"{place}: expected a range free of other slots; {call.Range} overlaps slot {other.Slot} at {other.Range}.");
        }
        if (!exists && slots.Count >= MemslotArray.Capacity) throw new VmmTraceException(
            $"{place}: expected at most {MemslotArray.Capacity} slots at a time.");
        slots[call.Slot] = call;
    }

    private static GfnRange RangeOf(Match match, string place)
    {
        ulong address = ulong.Parse(match.Groups["gpa"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        ulong bytes = ulong.Parse(match.Groups["size"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (((address | bytes) & 0xfff) != 0) throw new VmmTraceException(
            $"{place}: expected gpa and size to be multiples of 0x1000.");
        GfnRange range = GfnRange.Of(address >> 12, bytes >> 12);
        if (range.End.Value > GfnRange.All.End.Value) throw new VmmTraceException($"{place}: expected gpa and size below 2^48.");
        return range;
    }

    private static long NanosecondsOf(Match match, string place)
    {
        decimal nanoseconds = decimal.Parse(match.Groups["time"].Value, CultureInfo.InvariantCulture) * 1_000_000_000m;
        return nanoseconds <= long.MaxValue ? (long)nanoseconds
            : throw new VmmTraceException($"{place}: expected a time below 2^63 nanoseconds.");
    }

    private static int Number(Match match, string group, int radix) => Convert.ToInt32(match.Groups[group].Value, radix);

    private static string Shorten(string line) => line.Length <= 60 ? line : line[..60] + "…";

    [GeneratedRegex(
        @"^[0-9]{1,10} (?<time>[0-9]{1,12}(\.[0-9]{1,9})?) Slot#(?<slot>[0-9]{1,4}) flags=0x(?<flags>[0-3]) gpa=0x(?<gpa>[0-9a-f]{1,16}) size=0x(?<size>[0-9a-f]{1,16}) ret=(?<result>-?[0-9]{1,4})$")]
    private static partial Regex CallLine();
}
