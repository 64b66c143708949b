using static Lab.Explorer.Programs.LitmusPrograms;
using static Lab.Explorer.Programs.LockFreePrograms;
using static Lab.Explorer.Programs.LockPrograms;
using static Lab.Explorer.Programs.ScalingPrograms;

namespace Lab.Explorer.Programs;

/// <summary>A program of the literature, in a size of one's choice.</summary>
/// <param name="Name">As the user types it.</param>
/// <param name="Story">What it does and what its size means, in a sentence or two.</param>
/// <param name="DefaultSize">Explored in well under a second.</param>
/// <param name="SizeMax">Largest size that can be explored at all; sizes start at <see cref="SizeMin"/>.</param>
/// <param name="Make">The program of a size. Throws <see cref="ArgumentOutOfRangeException"/> for sizes that are not
/// allowed.</param>
public sealed record ClassicProgram(string Name, string Story, int DefaultSize, int SizeMax, Func<int, Action<Scene>> Make)
{
    public int SizeMin { get; init; } = 1;

    /// <summary>The verdict under each model, as the literature has it.</summary>
    public Verdict UnderSc { get; init; } = Verdict.NothingFound;

    public Verdict UnderTso { get; init; } = Verdict.NothingFound;

    /// <summary>The program, after the size has been looked at.</summary>
    public Action<Scene> OfSize(int size) => size >= SizeMin && size <= SizeMax
        ? Make(size)
        : throw new ArgumentOutOfRangeException(nameof(size), size, $"The size of {Name} is {SizeMin} to {SizeMax}.");
}

/// <summary>The programs that explorers are compared by: counts and outcomes that others have published, and bugs that everybody
/// knows.</summary>
public static class ClassicPrograms
{
    public static IReadOnlyList<ClassicProgram> All { get; } =
    [
        new("readers", "One thread stores x = 1, N load x: 2^N executions.", 8, 16, Readers),
        new("increments", "N threads add 1 to x: N! executions.", 5, 9, Increments),
        new("increments2", "N threads add 1 to x, then to y: (N!)² executions.", 3, 5, Increments2),
        new("increments10", "N threads add 1 to x ten times each: (10N)!/(10!)^N executions; for --search random.", 2, 4,
            Increments10),
        new("fib", "Two threads, N rounds of i += j and j += i with plain loads and stores.", 4, 7, Fib),
        new("lastzero", "N threads, each array[i] = array[i-1] + 1; one looks for the last zero from the right.", 4,
            12, LastZero),
        new("indexer", "N threads put 2 items each into a hash table of 8 places by compare-and-exchange; the first "
            + "places collide.", 2, 3, Indexer),

        new("sb", "Ring of N threads, store own x, load the next one's: 2^N−1 executions under SC, 2^N under TSO.", 2, 14,
            StoreBuffering) { SizeMin = 2 },
        new("mp", "Message passing: data, then flag; N readers load flag, then data.", 1, 4, MessagePassing),
        new("lb", "Load buffering: ring of N threads, load own x, store the next one's.", 2, 10, LoadBuffering) { SizeMin = 2 },
        new("iriw", "Independent reads of independent writes: N pairs of readers see x and y change.", 1, 2, Iriw),
        new("2+2w", "Two threads write x and y in opposite order.", 1, 1, TwoPlusTwoWrites),
        new("corr", "One thread stores x = 1, N threads load x twice.", 1, 6, CoherentReads),

        new("peterson", "Peterson's lock for two threads, N rounds each, plain stores and loads: broken where loads "
            + "overtake stores.", 1, 3, size => Peterson(size, isFenced: false)) { UnderTso = Verdict.Violated },
        new("peterson-fenced", "Peterson's lock with a full fence before it looks.", 1, 3,
            size => Peterson(size, isFenced: true)),
        new("dekker", "Dekker's entry: raise the flag, give up if the other's is up; N rounds each.", 1, 3,
            size => Dekker(size, isFenced: false)) { UnderTso = Verdict.Violated },
        new("dekker-fenced", "Dekker's entry with a full fence before it looks.", 1, 3, size => Dekker(size, isFenced: true)),
        new("ticket-lock", "N threads take a ticket and wait for their number.", 3, 5, TicketLockOf),
        new("spin-lock", "N threads take a test-and-set lock.", 3, 5, SpinLock),
        new("rw-lock", "A writer and N readers of two words under a reader-writer lock.", 2, 4, ReaderWriterLock),
        new("deadlock", "Two locks, two threads in opposite order, and N−2 that take both in order.", 2, 4, Deadlock)
            { SizeMin = 2, UnderSc = Verdict.Violated, UnderTso = Verdict.Violated },
        new("lost-wakeup", "A sleeper that checks before it says that it sleeps, N wakers.", 1, 4, LostWakeup)
            { UnderSc = Verdict.Violated, UnderTso = Verdict.Violated },

        new("refcount", "N threads drop a reference with one atomic subtraction; who gets 0 frees.", 3, 8,
            size => Refcount(size, isSound: true)),
        new("refcount-broken", "N threads drop a reference, then load the count; who sees 0 frees.", 2, 8,
            size => Refcount(size, isSound: false)) { SizeMin = 2, UnderSc = Verdict.Violated, UnderTso = Verdict.Violated },
        new("seqlock", "A writer of two words between two increments of a sequence; N readers that keep only what an even, "
            + "unchanged sequence covers.", 1, 3, SeqLock),
        new("stack", "N threads push onto a linked stack by compare-and-exchange, one pops.", 2, 3, TreiberStack),
        new("mp-spin", "Message passing to N readers that spin until the flag is up.", 2, 8, SpinPassing),
    ];

    /// <summary>The program of that name, or null.</summary>
    public static ClassicProgram? Find(string name) => All.FirstOrDefault(program => program.Name == name);
}
