using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Mmu;

namespace Lab.Explorer.Scenarios;

/// <summary>A scenario file says something that it cannot; the message names the line and what was expected there.</summary>
public sealed class ScenarioFormatException(string scenario, int line, string problem)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"Scenario '{scenario}', line {line}: {problem}."))
{
    /// <summary>One-based.</summary>
    public int Line { get; } = line;
}

/// <summary>
/// Reads the text of a scenario, line by line. <c>#</c> begins a comment, and the first block of comments is the story. The
/// statements:
/// <code>
///   param NAME = N                          a number that --set overrides; later lines write {NAME}, {NAME*2+1}
///   slot NAME FIRST + FRAMES [absent]       a memslot, in units of the small model tables
///   slot … shares NAME                      one over the whole memory of a slot above
///   before ACTOR: ACTION, …                 done before the exploration starts
///   thread ACTOR: ACTION, …                 explored beside the other threads
///   threads vcpu0..vcpu{vcpus-1}: ACTION, … one thread each; {n} is its number
///   rejects STRATEGY, …                     broken strategies that it was written for
///   pre-check N                             1: faults look for invalidations before they wait for mmu_lock
///   fair N                                  0: readers of a semaphore pass writers that wait
///   fast-faults N                           1: a write to a write-protected page takes no lock
///   mmio-caching N                          1: page tables remember where there is no memslot
///   large-pages N                           1: one leaf maps the frames of a whole table, unless the slot logs
///   levels N                                2, the default, or 3: levels of page tables
///   sequence N                              the notifier's sequence starts here
///   end destroy                             when all have ended, the VM is destroyed and checked
/// </code>
/// An actor named vcpuN drives vCPU N. The actions are those of <see cref="ScenarioAction"/>.
/// </summary>
public sealed partial class ScenarioText
{
    private const long ParameterMax = 64;
    private const ulong FramesMax = 64;
    private const int VcpusMax = 8;
    private const int ThreadsMax = 16;
    private const string Statements = "'param', 'slot', 'before', 'thread', 'threads', 'rejects', 'fair', 'pre-check', "
        + "'fast-faults', 'mmio-caching', 'large-pages', 'levels', 'sequence' or 'end destroy'";

    private readonly string _name;
    private readonly IReadOnlyDictionary<string, long> _asked;
    private readonly List<ScenarioParameter> _parameters = [];
    private readonly List<ScenarioSlot> _slots = [];
    private readonly List<ScenarioActor> _before = [];
    private readonly List<ScenarioActor> _threads = [];
    private readonly List<string> _rejects = [];
    private bool _readersFirst;
    private bool _preChecks;
    private bool _fastFaults;
    private bool _cachesMmio;
    private bool _largePages;
    private int _levels = 2;
    private ulong _sequence;
    private bool _destroysAtEnd;
    private int _line;

    private ScenarioText(string name, IReadOnlyDictionary<string, long> asked)
    {
        _name = name;
        _asked = asked;
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="text">Its text.</param>
    /// <param name="values">Values for its parameters instead of their defaults.</param>
    /// <exception cref="ScenarioFormatException">The text is not a scenario, or becomes none with these values.</exception>
    /// <exception cref="ArgumentException">A value is for a parameter that the scenario does not have.</exception>
    public static Scenario Parse(string name, string text, IReadOnlyDictionary<string, long>? values = null)
    {
        ScenarioText reader = new(name, values ?? new Dictionary<string, long>());
        foreach (string line in text.Split('\n')) reader.ReadLine(line);
        foreach (string asked in reader._asked.Keys)
        {
            if (reader._parameters.All(known => known.Name != asked)) throw new ArgumentException(
                $"Scenario '{name}' has no parameter '{asked}'.", nameof(values));
        }
        if (reader._threads.Count == 0) throw reader.Bad(
            "expected at least one 'thread NAME: action, …' before the end of the file");
        reader.CheckDestroy();
        Scenario scenario = new(name, StoryOf(text), reader._parameters, reader._slots, reader._before, reader._threads,
            reader._destroysAtEnd, text)
        {
            Rejects = reader._rejects, ReadersFirst = reader._readersFirst,
            PreChecks = reader._preChecks, FastFaults = reader._fastFaults,
            CachesMmio = reader._cachesMmio, LargePages = reader._largePages, Levels = reader._levels,
            Sequence = reader._sequence,
        };
        if (scenario.EndsMissing && !scenario.DestroysAtEnd) throw reader.Bad(
            "expected an 'unmap-end' after each 'unmap-start', or 'end destroy': only a VM that dies misses no end");
        if (reader._slots.Count == 0) throw reader.Bad("expected at least one 'slot NAME FIRST + FRAMES' in the file");
        return scenario;
    }

    private static string StoryOf(string text) =>
        string.Join(' ', text.Split('\n').Select(line => line.Trim()).SkipWhile(line => line.Length == 0)
            .TakeWhile(line => line.StartsWith('#')).Select(line => line.TrimStart('#').Trim()).Where(line => line.Length > 0));

    private void ReadLine(string raw)
    {
        _line++;
        string line = raw.Split('#')[0].Trim();
        if (line.Length == 0) return;
        if (_destroysAtEnd) throw Bad($"expected nothing after 'end destroy', found '{line}'");
        string[] words = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        string rest = words.Length > 1 ? words[1].Trim() : "";
        switch (words[0])
        {
            case "param": ReadParameter(rest); break;
            case "slot": ReadSlot(rest); break;
            case "before": ReadActors(rest, _before, areThreads: false); break;
            case "thread" or "threads": ReadActors(rest, _threads, areThreads: true); break;
            case "rejects": _rejects.AddRange(
                rest.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)); break;
            case "fair": _readersFirst = !ReadSwitch("fair", rest); break;
            case "pre-check": _preChecks = ReadSwitch("pre-check", rest); break;
            case "fast-faults": _fastFaults = ReadSwitch("fast-faults", rest); break;
            case "mmio-caching": _cachesMmio = ReadSwitch("mmio-caching", rest); break;
            case "large-pages": _largePages = ReadSwitch("large-pages", rest); break;
            case "levels":
                _levels = rest switch
                {
                    "2" => 2,
                    "3" => 3,
                    _ => throw Bad($"expected 'levels 2' or 'levels 3', found '{line}'"),
                };
                break;
            case "sequence":
                if (!SequenceForm().IsMatch(rest) || !ulong.TryParse(rest, CultureInfo.InvariantCulture, out _sequence))
                {
                    throw Bad($"expected 'sequence N' with N below 2^64, found '{line}'");
                }
                break;
            case "end" when rest == "destroy": _destroysAtEnd = true; break;
            default: throw Bad($"expected {Statements}, found '{line}'");
        }
    }

    private bool ReadSwitch(string name, string rest) => Substitute(rest, own: null) switch
    {
        "0" => false,
        "1" => true,
        _ => throw Bad($"expected '{name} 0' or '{name} 1', found '{name} {Substitute(rest, own: null)}'"),
    };

    private void ReadParameter(string text)
    {
        Match match = ParameterForm().Match(text);
        if (!match.Success) throw Bad($"expected 'param NAME = N', found 'param {text}'");
        string name = match.Groups[1].Value;
        if (name == ScenarioExpression.OwnNumber || _parameters.Any(known => known.Name == name))
        {
            throw Bad($"expected a name not yet taken, found '{name}'");
        }
        long byDefault = long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        long value = _asked.GetValueOrDefault(name, byDefault);
        if (value is < 0 or > ParameterMax) throw Bad($"expected a value of '{name}' from 0 to {ParameterMax}, found {value}");
        _parameters.Add(new ScenarioParameter(name, byDefault, value));
    }

    private void ReadSlot(string text)
    {
        Match match = SlotForm().Match(Substitute(text, own: null));
        if (!match.Success) throw Bad($"expected 'slot NAME FIRST + FRAMES' with an optional 'absent' and 'shares NAME', "
            + $"found 'slot {text}'");
        string name = match.Groups[1].Value;
        GfnRange range = Range(match.Groups[2].Value, match.Groups[3].Value);
        if (_slots.FirstOrDefault(other => other.Name == name || other.Range.Overlaps(range)) is { } other)
        {
            throw Bad($"expected a slot of another name and range than '{other.Name}', found '{name}'");
        }
        ScenarioSlot? shared = null;
        if (match.Groups[5].Success)
        {
            shared = _slots.Find(known => known.Name == match.Groups[5].Value && known.Range.Frames == range.Frames)
                ?? throw Bad($"expected 'shares' with a slot of {range.Frames} frames from a line above, found "
                    + $"'{match.Groups[5].Value}'");
        }
        _slots.Add(new ScenarioSlot(name, _slots.Count, range, match.Groups[4].Success, shared?.Id));
    }

    private void ReadActors(string text, List<ScenarioActor> into, bool areThreads)
    {
        string[] parts = Substitute(text, own: null).Split(':', 2, StringSplitOptions.TrimEntries);
        if (parts.Length < 2) throw Bad($"expected 'NAME: action, …', found '{text}'");
        foreach (string name in Expand(parts[0]))
        {
            if (!NameForm().IsMatch(name)) throw Bad($"expected a name such as 'zapper' or 'vcpu0', found '{name}'");
            Match numbered = NumberedForm().Match(name);
            long number = numbered.Success ? long.Parse(numbered.Groups[2].Value, CultureInfo.InvariantCulture) : -1;
            int? vcpu = numbered.Success && numbered.Groups[1].Value == "vcpu" ? (int)number : null;
            if (vcpu >= VcpusMax) throw Bad($"expected vCPUs from 0 to {VcpusMax - 1}, found '{name}'");
            if (areThreads && _threads.Any(known => known.Name == name)) throw Bad(
                $"expected each thread once, found '{name}' again");
            if (areThreads && _threads.Count == ThreadsMax) throw Bad(
                $"expected at most {ThreadsMax} threads, found '{name}' as well");
            ScenarioActionText actions = new(_slots, Range, problem => Bad(problem));
            into.Add(new ScenarioActor(name, vcpu, actions.Read(Substitute(parts[1], own: number), name, vcpu is not null)));
        }
    }

    /// <summary>A name, or the names from first to last: <c>vcpu0..vcpu2</c>. None if the last number is one less than the
    /// first.</summary>
    private IEnumerable<string> Expand(string names)
    {
        string[] ends = names.Split("..");
        if (ends.Length == 1) return [names];
        Match first = NumberedForm().Match(ends[0]), last = NumberedForm().Match(ends[^1]);
        bool good = ends.Length == 2 && first.Success && last.Success && first.Groups[1].Value == last.Groups[1].Value;
        int from = good ? int.Parse(first.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
        int count = good ? int.Parse(last.Groups[2].Value, CultureInfo.InvariantCulture) - from + 1 : -1;
        if (count is < 0 or > ThreadsMax) throw Bad(
            $"expected names such as 'vcpu0..vcpu1', at most {ThreadsMax} and in ascending order, found '{names}'");
        return Enumerable.Range(from,
            count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{first.Groups[1].Value}{number}"));
    }

    /// <summary>A VM that dies has no other users, and dies once.</summary>
    private void CheckDestroy()
    {
        if (_before.SelectMany(actor => actor.Actions).Any(action => action is DestroyAction))
        {
            throw Bad("expected 'destroy' in a thread, found it before the exploration starts");
        }
        if (!_threads.SelectMany(actor => actor.Actions).Any(action => action is DestroyAction)) return;
        if (_threads.Count > 1 || _threads[0].Actions.Count(action => action is DestroyAction) > 1
            || _threads[0].Actions[^1] is not DestroyAction)
        {
            throw Bad("expected 'destroy' as the last action of the only thread");
        }
        if (_destroysAtEnd) throw Bad("expected either 'destroy' in a thread or 'end destroy', found both");
    }

    private GfnRange Range(string first, string frames)
    {
        // Three digits at most, so neither the parsing nor the sum can overflow.
        ulong start = ulong.Parse(first, CultureInfo.InvariantCulture), count = ulong.Parse(frames, CultureInfo.InvariantCulture);
        if (count == 0 || start + count > FramesMax) throw Bad(
            $"expected at least one frame and none above {FramesMax - 1}, found '{first} + {frames}'");
        return GfnRange.Of(start, count);
    }

    private string Substitute(string text, long? own)
    {
        Dictionary<string, long> values = _parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        if (own is >= 0) values[ScenarioExpression.OwnNumber] = own.Value;
        return ScenarioExpression.Substitute(text, values, keepOwn: own is null, Bad);
    }

    private ScenarioFormatException Bad(string problem) => new(_name, Math.Max(1, _line), problem);

    [GeneratedRegex(@"^([a-z][a-z0-9]*)\s*=\s*([0-9]{1,3})$")]
    private static partial Regex ParameterForm();

    [GeneratedRegex(@"^([a-z][a-z0-9-]*)\s+([0-9]{1,3})\s*\+\s*([0-9]{1,3})(\s+absent)?(?:\s+shares\s+([a-z][a-z0-9-]*))?$")]
    private static partial Regex SlotForm();

    [GeneratedRegex("^[0-9]{1,20}$")]
    private static partial Regex SequenceForm();

    [GeneratedRegex("^[a-z][a-z0-9-]*$")]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^([a-z][a-z-]*)([0-9]{1,3})$")]
    private static partial Regex NumberedForm();
}
