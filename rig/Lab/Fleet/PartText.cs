using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Results.Fleet;

namespace Lab.Application.Fleet;

/// <summary>A part of a strategy's search as a unit's files keep it, and back.</summary>
public static class PartText
{
    /// <param name="part">Which part it is.</param>
    /// <param name="found">What is put together.</param>
    /// <param name="folder">Where the states go.</param>
    public static ShardPart Write(SearchPart part, PartFound found, string folder)
    {
        StateFiles.Write(Path.Combine(folder, StateFiles.States), found.States);
        StateFiles.Write(Path.Combine(folder, StateFiles.Programs), found.Programs.SelectMany(
            one => (ulong[])[one.Seen, one.Next]));
        return new ShardPart
        {
            Number = part.Number, Count = part.Count, Model = found.Model, Began = found.Began, Void = found.IsVoid,
            Learnt = Of(found.Learnt),
        };
    }

    /// <param name="shard">Of a unit.</param>
    /// <param name="folder">Of the unit; its states are read when they are asked for.</param>
    public static ExploreResult Read(ShardResult shard, string folder) => ShardText.Read(shard) with
    {
        Part = shard.Part is not { } part ? null : new PartFound
        {
            Model = part.Model, Began = part.Began, IsVoid = part.Void, Learnt = Read(part.Learnt),
            States = StateFiles.Read(Path.Combine(folder, StateFiles.States)),
            Programs = StateFiles.ReadPairs(Path.Combine(folder, StateFiles.Programs)),
        },
    };

    public static ShardLearnt Of(Learnt learnt) => new()
    {
        Model = learnt.Model, Locks = learnt.Locks, Domains = learnt.Domains, Queues = learnt.Queues,
        SleptOn = [.. learnt.SleptOn.Select(address => Hex((ulong)address))], OrdersAllLocks = learnt.OrdersAllLocks,
        Words = [.. learnt.Words.Select(word => new ShardWord(Hex((ulong)word.Address), Hex(word.Agents), word.IsWritten,
            word.IsShared, Hex(word.ReadLocks), Hex(word.WriteLocks)))],
    };

    /// <exception cref="FormatException">It was not written by this program.</exception>
    public static Learnt Read(ShardLearnt learnt) => new(
        [.. learnt.Words.Select(word => new LearntWord((long)Number(word.Address), (uint)Number(word.Agents), word.Written,
            word.Shared, Number(word.ReadLocks), Number(word.WriteLocks)))],
        learnt.Locks, learnt.Domains, learnt.Queues, [.. learnt.SleptOn.Select(address => (long)Number(address))],
        learnt.OrdersAllLocks);

    private static string Hex(ulong number) => number.ToString("x", CultureInfo.InvariantCulture);

    private static ulong Number(string hex) => ulong.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
