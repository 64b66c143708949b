namespace Lab.Explorer.Graph;

/// <summary>What threads did after having read what: the same reads must lead to the same next event, in this execution and in
/// every other. Finds code that shares more than words and locks, even where every single execution looks right.</summary>
/// <remarks>Histories are kept as 64-bit hashes, so that two different ones are mistaken for each other once in a very long while
/// only.</remarks>
internal sealed class Habits
{
    /// <summary>Histories kept; later ones are not looked at.</summary>
    private const int HistoriesMax = 1 << 16;

    private readonly Dictionary<ulong, Event> _nextAfter = [];
    private ulong _history;

    internal bool IsWatched { get; private set; }

    internal void Begin(int thread, bool isWatched)
    {
        IsWatched = isWatched && _nextAfter.Count < HistoriesMax;
        _history = Mix(0, (ulong)thread + 1);
    }

    /// <summary>True if the thread did something else when it had read the same.</summary>
    internal bool IsUnlike(in Event next, out Event before)
    {
        if (!_nextAfter.TryGetValue(_history, out before))
        {
            _nextAfter.Add(_history, next);
            return false;
        }
        return before.Kind != next.Kind || before.Location != next.Location || before.Purpose != next.Purpose
            || before.Operand != next.Operand || before.Comparand != next.Comparand || before.Value != next.Value;
    }

    /// <summary>The event has happened, and read this value if it reads.</summary>
    internal void GoOn(ulong value) => _history = Mix(_history, value);

    private static ulong Mix(ulong history, ulong value)
    {
        ulong mixed = unchecked((history ^ value) * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03);
        return mixed ^ (mixed >> 29);
    }
}
