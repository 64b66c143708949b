using System.Globalization;

namespace Lab.Measure;

/// <summary>Whoever should get on: an actor in its lane, a tear-down.</summary>
public interface IWatched
{
    string Name { get; }

    /// <summary>Another number after each step.</summary>
    long Beats { get; }

    /// <summary>There is nothing more to come of it.</summary>
    bool HasEnded { get; }
}

/// <summary>Somebody got no further.</summary>
/// <param name="IsStarved">Others had the cores: whether it would have got on cannot be said. Otherwise it hangs.</param>
/// <param name="Names">Who.</param>
/// <param name="What">What was seen of them, a clause.</param>
/// <param name="Threads">What the threads of the process had of the time, a line each.</param>
public sealed record Standstill(bool IsStarved, IReadOnlyList<string> Names, string What, IReadOnlyList<string> Threads)
{
    /// <summary>In which part of a measurement, in words.</summary>
    public string Phase { get; init; } = "";

    /// <summary>Where everybody who was watched stood, a line each.</summary>
    public IReadOnlyList<string> Places { get; init; } = [];
}

/// <summary>Tells who hangs from who is slow, in every phase of a measurement. Only time in which the process had the cores that
/// it wanted counts (<see cref="CoreReading.OwnTimeSince"/>), and none in which it was stopped. Who makes no step for the timeout
/// hangs, unless something else happened meanwhile, an MMU event or a lock that changed hands: it may be waiting for that, and
/// has <see cref="Patience"/> timeouts, but not for ever, for who waits for a lost item, or runs in a circle, may see things
/// happen all the time. Who has stood still as long, and had the cores for less than half of it, is starved. Belongs to the
/// thread that looks.</summary>
/// <param name="timeout">How long nothing may move.</param>
/// <param name="events">Another number whenever something happened; null if nobody counts.</param>
/// <param name="read">Who had the cores, with the threads' states or without; asked only while somebody stands still.</param>
public sealed class Watchdog(TimeSpan timeout, Func<long>? events = null, Func<bool, CoreReading>? read = null)
{
    /// <summary>How many timeouts there are at most while things happen, or while the cores are elsewhere.</summary>
    public const int Patience = 6;

    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(200);

    private readonly Func<bool, CoreReading> _read = read ?? CoreReading.Take;
    private readonly Dictionary<IWatched, Record> _records = [];
    private CoreReading? _last;
    private TimeSpan _stopped;
    private long _events;

    /// <summary>How often to look. A longer time in which the looking thread neither ran nor wanted to is a stop.</summary>
    public TimeSpan Interval { get; } = timeout / 4 < LongestInterval ? timeout / 4 : LongestInterval;

    /// <summary>The longest that anybody can stand still before it is told.</summary>
    public static TimeSpan Longest(TimeSpan timeout) => timeout * Patience * 2;

    /// <summary>Looks at all of them; null if nobody has stood still for too long.</summary>
    public Standstill? Look(IReadOnlyList<IWatched> watched)
    {
        ArgumentNullException.ThrowIfNull(watched);
        List<Record> standing = [];
        foreach (IWatched one in watched)
        {
            if (!_records.TryGetValue(one, out Record? record)) _records.Add(one, record = new Record(one.Name));
            if (!record.HasMoved(one.Beats) && !one.HasEnded) standing.Add(record);
        }
        if (standing.Count == 0)
        {
            _last = null;
            return null;
        }

        Moment now = Now(withStates: false);
        bool happened = (events?.Invoke() ?? 0) is var count && count != _events;
        _events = count;
        foreach (Record record in standing) record.Stand(now, happened);
        // The kernel's states cost as much again, and matter only to who is about to be called names.
        return Judge(standing, now) is null ? null : Judge(standing, Now(withStates: true));
    }

    private Standstill? Judge(List<Record> standing, Moment now)
    {
        Record[] quiet = [.. standing.Where(record => record.Quiet(now) >= timeout)];
        if (quiet.Length > 0) return Found(quiet, now, isStarved: false, $"nothing moved for {Seconds(timeout)}");
        Record[] circling = [.. standing.Where(record => record.WithCores(now) >= timeout * Patience)];
        if (circling.Length > 0)
        {
            return Found(circling, now, isStarved: false, $"things happened, but no step in {Seconds(timeout * Patience)}");
        }
        Record[] starved = [.. standing.Where(record =>
            record.Stood(now) >= timeout * Patience && record.WithCores(now) < record.Stood(now) / 2)];
        return starved.Length == 0 ? null : Found(starved, now, isStarved: true,
            $"no step in {Seconds(starved[0].Stood(now))}, of which others had the cores for "
                + Seconds(starved[0].Stood(now) - starved[0].WithCores(now)));
    }

    private static Standstill Found(Record[] found, Moment now, bool isStarved, string what)
    {
        string[] names = [.. found.Select(record => record.Name)];
        return new Standstill(isStarved, names, $"{what}: {string.Join(", ", names)}", [.. found[0].Threads(now)]);
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    /// <summary>Of a sleep of the looking thread that is far longer than it asked for, the rest was a stop.</summary>
    private Moment Now(bool withStates)
    {
        CoreReading now = _read(withStates);
        if (_last is not null && now.SleptSince(_last) is var slept && slept > 2 * Interval) _stopped += slept - Interval;
        _last = now;
        return new Moment(now, _stopped);
    }

    /// <param name="Cores">Who had them until then.</param>
    /// <param name="Stopped">For how long the process had been stopped until then.</param>
    private sealed record Moment(CoreReading Cores, TimeSpan Stopped)
    {
        public TimeSpan Since(Moment earlier) =>
            TimeSpan.FromTicks((Cores.At - earlier.Cores.At) / TimeSpan.NanosecondsPerTick) - (Stopped - earlier.Stopped);

        public TimeSpan OwnSince(Moment earlier) => Cores.OwnTimeSince(earlier.Cores, Stopped - earlier.Stopped);
    }

    /// <summary>Since when somebody stands still, counted from when it was seen to.</summary>
    private sealed class Record(string name)
    {
        private long? _beats;
        private Moment? _standing;
        private Moment? _quiet;

        public string Name => name;

        public bool HasMoved(long beats)
        {
            if (beats == _beats) return false;
            _beats = beats;
            _standing = null;
            return true;
        }

        public void Stand(Moment now, bool happened)
        {
            if (_standing is null || happened) _quiet = now;
            _standing ??= now;
        }

        public TimeSpan Stood(Moment now) => now.Since(_standing!);

        public TimeSpan WithCores(Moment now) => now.OwnSince(_standing!);

        public TimeSpan Quiet(Moment now) => now.OwnSince(_quiet!);

        public IEnumerable<string> Threads(Moment now) => now.Cores.LinesSince(_standing!.Cores);
    }
}
