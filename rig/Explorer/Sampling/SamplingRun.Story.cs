using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <content>The latest execution, step by step.</content>
internal sealed partial class SamplingRun
{
    /// <summary>Names of the threads and, under TSO, of their store buffers: whose number a step's agent is.</summary>
    public IReadOnlyList<string> Agents()
    {
        IEnumerable<string> threads = _scene.Threads.Select(thread => thread.Name);
        return _isTso ? [.. threads, .. threads.Select(name => $"{name}'s store buffer")] : [.. threads];
    }

    /// <summary>What happened at each step of the latest execution.</summary>
    public IReadOnlyList<Step> Story()
    {
        Step[] story = new Step[_steps];
        for (int step = 0; step < _steps; step++)
        {
            int agent = _picks[step];
            if (agent < _threads)
            {
                ref readonly SamplingEvent done = ref _logs[agent][_entries[step]];
                bool isRead = done.Kind is OperationKind.Load or OperationKind.IsContended ||
                    (done.Kind == OperationKind.Modify && Modified(done, done.Result) == done.Result);
                story[step] = new Step(agent, TextOf(done), null, [], !isRead);
            }
            else
            {
                int entry = _entries[step];
                int buffer = agent - _threads;
                string what = $"drain {WordName(_bufferWords[buffer][entry])} = {Number(_bufferValues[buffer][entry])}";
                story[step] = new Step(agent, what, null, [], true);
            }
        }
        return story;
    }

    /// <summary>What a schedule of this program belongs to.</summary>
    public ScheduleKey Key() => ScheduleKey.Of(_scene, _isTso ? MemoryModel.Tso : MemoryModel.Sc);
}
