using System.Globalization;
using System.Runtime.InteropServices;
using Lab.Time;
using Microsoft.Win32.SafeHandles;

namespace Lab.Measure;

/// <summary>What the kernel did to one thread, seen by that thread: it looks at its own counts between steps, at most every 100
/// µs, so that what it finds lies within a step or about that time. A look is one system call and is in no sample. All memory is
/// allocated beforehand; for its thread only, until that has ended. To lose the core for a moment is every thread's lot and no
/// disturbance: to be runnable for <see cref="ProcessSample.LeastDelayNanoseconds"/> without one is.</summary>
internal sealed unsafe partial class ThreadWatch : IDisposable
{
    /// <summary>How many disturbances are kept; the others are counted.</summary>
    public const int Capacity = 4096;

    private const int RusageThread = 1;
    private const int SchedstatBytes = 96;

    private static readonly TimeSpan Between = TimeSpan.FromMicroseconds(100);

    private readonly SafeFileHandle? _schedstat;
    private readonly Found[] _found = new Found[Capacity];
    private readonly byte[] _text = new byte[SchedstatBytes];
    private readonly long _betweenTicks;
    private int _count;
    private long _lookedAt;
    private Counts _last;

    /// <summary>To be made on the thread itself, before it is watched.</summary>
    public ThreadWatch(Clock clock)
    {
        _betweenTicks = clock.ToTicks(Between);
        _schedstat = OpenSchedstat();
        Open(clock.Ticks());
    }

    /// <summary>Found and not kept, for want of room.</summary>
    public int Overflow { get; private set; }

    /// <summary>Whether a look is due at this moment: a subtraction and a comparison.</summary>
    public bool IsDue(long nowTicks) => nowTicks - _lookedAt >= _betweenTicks;

    /// <summary>Forgets what was found and starts over.</summary>
    public void Open(long nowTicks)
    {
        (_count, Overflow) = (0, 0);
        _last = Read(new Counts(-1, -1, -1, -1, -1));
        _lookedAt = nowTicks;
    }

    /// <summary>Compares the kernel's counts with those of the last look; what has grown did so between the two.</summary>
    public void Look(long nowTicks)
    {
        Counts now = Read(_last);
        if (now.Delay - _last.Delay >= ProcessSample.LeastDelayNanoseconds)
        {
            Add(DisturbanceKind.RunQueueDelay, nowTicks, now.Delay - _last.Delay);
            if (now.Involuntary > _last.Involuntary)
            {
                Add(DisturbanceKind.InvoluntarySwitch, nowTicks, now.Involuntary - _last.Involuntary);
            }
        }

        if (now.MajorFaults > _last.MajorFaults) Add(DisturbanceKind.MajorFault, nowTicks, now.MajorFaults - _last.MajorFaults);
        if (now.Cpu != _last.Cpu) Add(DisturbanceKind.Migration, nowTicks, now.Cpu);
        _last = now;
        _lookedAt = nowTicks;
    }

    /// <summary>Looks, and lets what has grown since the last look pass.</summary>
    public void Pass(long nowTicks)
    {
        _last = Read(_last);
        _lookedAt = nowTicks;
    }

    /// <summary>By time, on the CLOCK_MONOTONIC line; to be asked when the thread has ended, or of what it abandoned.</summary>
    public IReadOnlyList<Disturbance> Disturbances(Func<long, long> toNanoseconds) =>
    [
        .. _found.Take(_count).Select(one =>
        {
            long start = toNanoseconds(one.From);
            return new Disturbance(one.Kind, start, toNanoseconds(one.To) - start, Detail(one));
        }),
    ];

    public void Dispose() => _schedstat?.Dispose();

    private static string Detail(Found one) => one.Kind switch
    {
        DisturbanceKind.RunQueueDelay => string.Create(CultureInfo.InvariantCulture, $"{one.Amount / 1000} µs without a core"),
        DisturbanceKind.Migration => string.Create(CultureInfo.InvariantCulture, $"to cpu {one.Amount}"),
        _ => one.Amount.ToString(CultureInfo.InvariantCulture),
    };

    private void Add(DisturbanceKind kind, long nowTicks, long amount)
    {
        if (_count < Capacity) _found[_count++] = new Found(kind, _lookedAt, nowTicks, amount);
        else Overflow++;
    }

    private Counts Read(Counts last)
    {
        if (!OperatingSystem.IsLinux()) return default;
        const int longs = 18, majorFaults = 9, voluntary = 16, involuntary = 17; // struct rusage of 64-bit Linux
        long* usage = stackalloc long[longs];

        // SAFETY: the kernel writes one struct rusage, which is 18 longs.
        unsafe
        {
            if (GetUsage(RusageThread, usage) != 0) return last;
        }

        Counts now = new(last.Delay, usage[voluntary], usage[involuntary], usage[majorFaults], last.Cpu);
        if (now == last) return last; // who has not left its core has not waited for one
        long delay = _schedstat is null ? 0 : SecondNumber(_text.AsSpan(0, RandomAccess.Read(_schedstat, _text, 0)));
        return now with { Delay = delay, Cpu = GetCpu() };
    }

    /// <summary>/proc/…/schedstat: nanoseconds on a core, nanoseconds runnable without one, times on a core.</summary>
    private static long SecondNumber(ReadOnlySpan<byte> text)
    {
        long number = 0;
        for (int at = text.IndexOf((byte)' ') + 1; at > 0 && at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            number = (number * 10) + (text[at] - '0');
        }
        return number;
    }

    private static SafeFileHandle? OpenSchedstat()
    {
        try
        {
            return File.OpenHandle(string.Create(CultureInfo.InvariantCulture,
                $"/proc/self/task/{ThreadPlacement.ThreadId}/schedstat"), options: FileOptions.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null; // a kernel without the counts
        }
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, long* usage);

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    private static partial int GetCpu();

    private readonly record struct Counts(long Delay, long Voluntary, long Involuntary, long MajorFaults, int Cpu);

    private readonly record struct Found(DisturbanceKind Kind, long From, long To, long Amount);
}
