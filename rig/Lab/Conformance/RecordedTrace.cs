using System.Globalization;
using System.Text.RegularExpressions;

namespace Lab.Application.Conformance;

/// <summary>Reads the text of ftrace as recorded from real kernels and keeps what concerns roots. A line it cannot make sense of
/// is an error that names file and line: nothing is skipped because it looked odd.</summary>
/// <remarks>The kernel's lines name a root by the address of its header (zap, put), by its table's physical address (get), or not
/// at all (pages); <see cref="RootNames"/> turns them into ordinals.</remarks>
internal sealed partial class RecordedTrace
{
    private static readonly Dictionary<string, Action<RecordedTrace, Line>> Known = new()
    {
        ["tracing_mark_write"] = static (trace, line) => trace.Mark(line),
        ["kvm_mmu_get_page"] = static (trace, line) => trace.GetPage(line),
        ["get"] = static (trace, line) => trace.Get(line),
        ["put"] = static (trace, line) => trace.Put(line),
        ["kvm_mmu_zap_all_fast"] = static (trace, line) =>
            trace.Add(line, new(trace._phase, trace.PartOf(line), Verb.ZapAllFast)),
        ["inval"] = static (trace, line) => trace.Add(line, new(trace._phase, trace.PartOf(line), Verb.InvalidateAll)),
        ["flush"] = static (trace, line) => trace.Add(line, new(trace._phase, trace.PartOf(line), Verb.Flush)),
        ["flushed"] = static (trace, line) => trace.Add(line, new(trace._phase, trace.PartOf(line), Verb.Flushed)),
        ["workqueue_queue_work"] = static (trace, line) => trace.Work(line, Verb.Queue),
        ["workqueue_execute_start"] = static (trace, line) => trace.Work(line, Verb.ExecuteStart),
        ["workqueue_execute_end"] = static (trace, line) => trace.Work(line, Verb.ExecuteEnd),
        ["zap"] = static (trace, line) => trace.Zap(line),
        ["kvm_mmu_prepare_zap_page"] = static (trace, line) => trace.ZapPage(line),
        ["rcufree"] = static (trace, _) => trace._pagesFreed++,
        // Of other locks than mmu_lock as well; times are not compared.
        ["contention_begin"] = static (_, _) => { },
        ["contention_end"] = static (_, _) => { },
    };

    private readonly string _file;
    private readonly List<Sourced> _events = [];
    private readonly RootNames _roots = new();
    private string _phase = "";
    private bool _destroying;
    private int _pagesFreed;

    /// <summary>Of the tables that guests have; four but on processors with five.</summary>
    private int _levels;

    private RecordedTrace(string file) => _file = file;

    /// <exception cref="FormatException">A line is not understood; the message begins with file and line.</exception>
    public static History Parse(string file, IReadOnlyList<string> lines)
    {
        RecordedTrace trace = new(file) { _levels = Levels(lines) };
        for (int index = 0; index < lines.Count; index++)
        {
            string text = lines[index];
            if (text.Length == 0 || text.StartsWith('#') || text == "=== TRACE") continue;
            Match match = LinePattern().Match(text);
            Line line = new(index + 1, match.Groups["task"].Value, match.Groups["details"].Value);
            if (!match.Success) throw trace.Error(line, $"not a line of ftrace: {text}");
            if (!Known.TryGetValue(match.Groups["event"].Value, out Action<RecordedTrace, Line>? read))
            {
                throw trace.Error(line, $"unknown event {match.Groups["event"].Value}");
            }
            if (!trace.IsBetween(line)) read(trace, line);
        }
        int made = trace._events.Count(one => one.Event.Verb == Verb.GetPage);
        bool probed = trace._pagesFreed != 0;
        return new History(file, trace._events, made, probed ? trace._pagesFreed : null);
    }

    private void Mark(Line line)
    {
        _phase = line.Details;
        if (_phase == "vm destroy begin") _destroying = true;
        Add(line, new(_phase, PartOf(line), Verb.Marker));
    }

    private void GetPage(Line line)
    {
        (int level, ulong gfn) = Page(line);
        int? root = level == (int)Lab.Mmu.RootRole.Normal.Level ? _roots.Made(line.Task) : _roots.Newest;
        if (root is null) throw Error(line, "a table before any root");
        Add(line, new(_phase, PartOf(line), Verb.GetPage, root, Level: level, Gfn: gfn));
    }

    private void Get(Line line)
    {
        string? table = Field(line, "hpa");
        int root = _roots.Loaded(line.Task, table) ?? throw Error(line, "a root was loaded that nobody made");
        Add(line, new(_phase, PartOf(line), Verb.Get, root));
    }

    private void Put(Line line)
    {
        long count = Number(line, "ref");
        int root = RootOf(line);
        bool isInvalid = IsInvalid(line);
        // The last put of a valid root may make it the worker's (5.18 to 6.3): it is zapped before it goes.
        if (count == 1 && isInvalid) _roots.Freed(Need(line, "root"));
        bool? shared = Field(line, "shared") is { } mode ? mode != "0" : null;
        Add(line, new(_phase, PartOf(line), Verb.Put, root, count, Shared: shared, Invalid: isInvalid));
    }

    private void Zap(Line line)
    {
        int root = RootOf(line);
        _roots.Zapping(line.Task, root);
        int? level = Field(line, "level") is null ? null : (int)Number(line, "level");
        if (level == 5 && _levels == 5) level = (int)Lab.Mmu.RootRole.Normal.Level;
        Add(line, new(_phase, PartOf(line), Verb.Zap, root, Number(line, "ref"), level, Invalid: IsInvalid(line)));
    }

    private void ZapPage(Line line)
    {
        (int level, ulong gfn) = Page(line);
        int root = _roots.ZappedBy(line.Task) ?? throw Error(line, $"{line.Task} zaps a table of no root");
        Add(line, new(_phase, PartOf(line), Verb.ZapPage, root, Level: level, Gfn: gfn));
    }

    private void Work(Line line, Verb verb)
    {
        if (!line.Details.Contains("function", StringComparison.Ordinal)) throw Error(line, "a work item without its function");
        if (!line.Details.Contains("tdp_mmu_zap_root_work", StringComparison.Ordinal)) return;
        Add(line, new(_phase, PartOf(line), verb));
    }

    private void Add(Line line, NormalEvent one) => _events.Add(new Sourced(one, line.Task, line.Number));

    private Part PartOf(Line line) =>
        line.Task switch
        {
            "kvmt" or "updater" => _destroying ? Part.Destroyer : Part.Updater,
            _ when line.Task.StartsWith("vcpu", StringComparison.Ordinal) => Part.Vcpu,
            _ when line.Task.StartsWith("kworker/", StringComparison.Ordinal) => Part.Worker,
            _ => throw Error(line, $"no part is known for task {line.Task}"),
        };

    private int RootOf(Line line) =>
        _roots.Named(Need(line, "root")) ?? throw Error(line, "more roots are zapped and put than were made");

    /// <summary>By name where the trace has it; else a bit of the role, whose place depends on the kernel: where a role has a
    /// third access bit (7.3), one further up.</summary>
    private bool IsInvalid(Line line)
    {
        if (Field(line, "inv") is not null) return Number(line, "inv") != 0;
        long role = Number(line, "role"), invalid = (long)Lab.Mmu.RootRole.Invalid;
        return (role & ((role & MovedWriteProtect) != 0 ? invalid << 1 : invalid)) != 0;
    }

    /// <summary>cr0_wp where the third access bit moved it: a valid root's role was 0x3784 and is 0x6f84.</summary>
    private const long MovedWriteProtect = 0x4000;

    /// <summary>Of five levels, the top one is the root's and the next is left out: below there is what four-level tables
    /// have.</summary>
    private bool IsBetween(Line line) => _levels == 5 && PagePattern().Match(line.Details) is { Success: true } match
        && match.Groups["level"].Value == "4";

    private static int Levels(IReadOnlyList<string> lines) =>
        lines.Any(line => line.Contains(" kvm_mmu_get_page: ", StringComparison.Ordinal)
            && line.Contains(" l5 ", StringComparison.Ordinal)) ? 5 : 4;

    private (int Level, ulong Gfn) Page(Line line)
    {
        Match match = PagePattern().Match(line.Details);
        int level = match.Success ? match.Groups["level"].Value[0] - '0' : 0;
        if (level == 5 && _levels == 5) level = (int)Lab.Mmu.RootRole.Normal.Level;
        if (level is 0 || level > (int)Lab.Mmu.RootRole.Normal.Level) throw Error(line,
            $"not a table of a four-level root: {line.Details}");
        return (level, ulong.Parse(match.Groups["gfn"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    private long Number(Line line, string name)
    {
        string text = Need(line, name);
        bool hex = text.StartsWith("0x", StringComparison.Ordinal);
        NumberStyles style = hex ? NumberStyles.HexNumber : NumberStyles.Integer;
        if (long.TryParse(hex ? text[2..] : text, style, CultureInfo.InvariantCulture, out long value)) return value;
        throw Error(line, $"{name}={text} is not a number");
    }

    private string Need(Line line, string name) => Field(line, name) ?? throw Error(line, $"{name}= is missing: {line.Details}");

    private static string? Field(Line line, string name) =>
        line.Details.Split(' ')
            .FirstOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private FormatException Error(Line line, string what) => new($"{_file}:{line.Number}: {what}");

    [GeneratedRegex(@"^\s*(?<task>.+?)-\d+\s+\[\d+\] \S+ +\d+\.\d+: (?<event>\w+): (?<details>.*)$")]
    private static partial Regex LinePattern();

    [GeneratedRegex(@"^sp gen \d+ gfn (?<gfn>[0-9a-f]+) l(?<level>[1-5]) ")]
    private static partial Regex PagePattern();

    private readonly record struct Line(int Number, string Task, string Details);
}
