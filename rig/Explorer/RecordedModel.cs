using Lab.Explorer.Candidates;
using Lab.Explorer.Schedules;

namespace Lab.Explorer;

/// <summary>Under which memory model a string for a replay was recorded.</summary>
public static class RecordedModel
{
    /// <summary>Null if the string cannot be read; its replay says why.</summary>
    public static MemoryModel? Of(string replay) => ExecutionText.IsOne(replay) ? ExecutionText.ModelOf(replay)
        : ScheduleText.TryDecode(replay, out ScheduleKey? recorded, out _, out _) ? recorded.Model : null;
}
