using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer;

/// <summary>A shared word of a <see cref="Scene"/>, in native memory.</summary>
public sealed class Word
{
    private readonly nint _address;

    internal Word(string name, nint address, ulong initial)
    {
        Name = name;
        _address = address;
        Initial = initial;
    }

    public string Name { get; }

    /// <summary>Value at the start of every execution.</summary>
    public ulong Initial { get; }

    /// <summary>The word itself, to be handed to the machine: <c>m.Load(ref x.Value)</c>. Only the machine may touch
    /// it.</summary>
    // SAFETY: the pool that made the word frees it after the exploration, or never if code under control may still run.
    public unsafe ref ulong Value => ref *(ulong*)_address;

    /// <summary>A value that points to the word, to be stored in others and followed by
    /// <see cref="IMachine.LoadTracked(TrackedValue)"/>.</summary>
    public ulong Pointer => unchecked((ulong)_address);

    internal nint Address => _address;
}

/// <summary>A small concurrent program: shared words, threads, what is observed at the end, what must hold. Built once, run many
/// times: a thread's body must do the same whenever it reads the same, and share nothing but words and locks.</summary>
public sealed class Scene
{
    private readonly List<Word> _words = [];
    private readonly List<(string Name, Action<Explored> Body)> _threads = [];
    private readonly Func<string, ulong, Word> _newWord;

    internal Scene(Func<string, ulong, Word> newWord) => _newWord = newWord;

    internal IReadOnlyList<Word> Words => _words;

    internal IReadOnlyList<(string Name, Action<Explored> Body)> Threads => _threads;

    internal Func<string>? OutcomeOf { get; private set; }

    internal Func<string?>? Complaint { get; private set; }

    /// <summary>Declares a shared word.</summary>
    public Word Word(string name, ulong initial = 0)
    {
        Word word = _newWord(name, initial);
        _words.Add(word);
        return word;
    }

    /// <summary>Declares a thread. What it reads it may keep in captured variables of its own; set them at the start of the
    /// body.</summary>
    public void Thread(string name, Action<Explored> body) => _threads.Add((name, body));

    /// <summary>What is observed after each complete execution. Reads captured variables and <see cref="Word.Value"/>, which then
    /// holds the final value.</summary>
    public void Outcome(Func<string> outcome) => OutcomeOf = outcome;

    /// <summary>What is wrong after a complete execution, or null; a complaint is a violation.</summary>
    public void Check(Func<string?> complaint) => Complaint = complaint;
}

/// <summary>How a program is explored.</summary>
public enum Search
{
    /// <summary>Every equivalence class of executions once: two executions are equivalent if every read reads from the same write
    /// and writes to a word are in the same order.</summary>
    Optimal,

    /// <summary>Uniform choice among the threads that can run.</summary>
    Random,

    /// <summary>Probabilistic concurrency testing: random priorities, lowered at d − 1 random steps.</summary>
    Pct,

    /// <summary>Partial-order sampling: a random priority per event, redrawn after a race.</summary>
    Pos,

    /// <summary>Uniform random walk: threads weighted by the events they still have, as learnt from earlier executions.</summary>
    Urw,

    /// <summary>Runs one recorded schedule.</summary>
    Replay,
}

/// <summary>What bounds an exploration. The defaults explore everything, under sequential consistency.</summary>
public sealed record ExploreSettings
{
    public Search Search { get; init; } = Search.Optimal;

    public MemoryModel Model { get; init; } = MemoryModel.Sc;

    /// <summary>Schedules to try under the random searches; explorations to stop after under the optimal one.</summary>
    public long ExecutionsMax { get; init; } = long.MaxValue;

    /// <summary>Wall-clock time after which it stops and says how far it got.</summary>
    public TimeSpan Budget { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Bug depth d of PCT, at least 1.</summary>
    public int PctDepth { get; init; } = 3;

    public ulong Seed { get; init; } = 1;

    /// <summary>Steps of one thread after which the program is said never to end.</summary>
    public int StepsPerThreadMax { get; init; } = 100_000;

    /// <summary>Time without a step after which the code is said never to end.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Schedule for <see cref="Search.Replay"/>.</summary>
    public string? Schedule { get; init; }

    /// <summary>The part of the optimal search to walk through.</summary>
    public SearchSlice Slice { get; init; } = SearchSlice.Whole;

    /// <summary>Go on after the first violation and count; the first one is kept.</summary>
    public bool KeepGoing { get; init; }
}
